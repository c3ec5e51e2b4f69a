"""The switch and its accounts on which everything is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import Account, Switch
from bench.calls.plan import Plan

# Where a switch is that is never asked.
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class World:
    """`environ` is that of a process of the portal beside this one."""

    plan: Plan
    switch: Switch
    accounts: Sequence[Account]
    environ: Mapping[str, str]

    @property
    def largest(self) -> Account:
        return self.accounts[0]


def found_switch(name: str, url: str) -> Switch:
    """Its budget of requests is none that anything here could use up."""
    return Switch.objects.create(name=name, url=url, requests_per_second=Decimal(10_000))
