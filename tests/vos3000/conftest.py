from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from billing.vos3000 import Admission, Client, Endpoint
from tests.support.switch_clients import MakeClient

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def make_client() -> Iterator[MakeClient]:
    clients: list[Client] = []

    def make(url: str, admission: Admission | None = None, **settings: Any) -> Client:
        quick = {"connect_timeout": 2.0, "read_timeout": 1.2, "total_timeout": 2.4}
        endpoint = Endpoint(url, settings.pop("time_zone", SHANGHAI), **{**quick, **settings})
        clients.append(Client(endpoint, admission))
        return clients[-1]

    yield make
    for client in clients:
        client.close()
