from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from billing.vos3000 import Client, Endpoint, Gate, Withheld

SHANGHAI = ZoneInfo("Asia/Shanghai")

MakeClient = Callable[..., Client]


@dataclass
class CountingGate:
    """Remembers what it was asked and told; `shut` lets nothing through."""

    shut: bool = False
    told: list[str] = field(default_factory=list)

    def admit(self, operation: str) -> None:
        if self.shut:
            raise Withheld(operation, "the budget is used up")
        self.told.append(operation)

    def succeeded(self, operation: str) -> None:
        self.told.append("succeeded")

    def failed(self) -> None:
        self.told.append("failed")

    def garbled(self, operation: str) -> None:
        self.told.append("garbled")


@pytest.fixture
def make_client() -> Iterator[MakeClient]:
    clients: list[Client] = []

    def make(url: str, gate: Gate | None = None, **settings: Any) -> Client:
        quick = {"connect_timeout": 2.0, "read_timeout": 1.2, "total_timeout": 2.4}
        endpoint = Endpoint(url, settings.pop("time_zone", SHANGHAI), **{**quick, **settings})
        clients.append(Client(endpoint, gate))
        return clients[-1]

    yield make
    for client in clients:
        client.close()
