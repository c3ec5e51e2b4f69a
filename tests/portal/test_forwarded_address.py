from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from portal.middleware import forwarded_address


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        (1, "203.0.113.7:50312", "203.0.113.7"),
        (1, "2001:db8::7", "2001:db8::7"),
        (2, "198.51.100.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        (2, "203.0.113.7", "10.0.0.1"),  # who came past a proxy is not believed
        (1, "nobody", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_the_visitors_address_is_the_one_that_our_own_proxies_name(
    settings: Any, proxies: int, forwarded: str, address: str
) -> None:
    settings.BEHIND_PROXY = proxies
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": "10.0.0.1", **({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {})}

    answer = forwarded_address(lambda request: HttpResponse(request.META["REMOTE_ADDR"]))(request)

    assert answer.content == address.encode()
