"""Clients of the switch, and an admission that counts what they do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from billing.vos3000 import Client, Withheld

MakeClient = Callable[..., Client]


@dataclass
class CountingAdmission:
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

    def unreadable_answer(self, operation: str) -> None:
        self.told.append("unreadable")
