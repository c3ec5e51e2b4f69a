from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse

from portal.middleware import forwarded_address


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ({"HTTP_X_FORWARDED_FOR": "203.0.113.7"}, "203.0.113.7"),
        ({"HTTP_X_FORWARDED_FOR": "198.51.100.1, 203.0.113.7"}, "203.0.113.7"),
        ({}, "10.0.0.1"),
    ],
)
def test_whoever_asks_is_whom_the_proxy_itself_names(forwarded: dict[str, str], address: str) -> None:
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": "10.0.0.1", **forwarded}

    answer = forwarded_address(lambda request: HttpResponse(request.META["REMOTE_ADDR"]))(request)

    assert answer.content.decode() == address
