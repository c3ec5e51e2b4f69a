"""Packages, which the manual calls suites, and the accounts that have them (manual 3.25, 3.29)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from msgspec import field

from ..client import Client
from ..expiry import Expiry
from ..field_types import Millis, Record, instant
from ..owner_types import account_owner
from ..rows import Listed, RowReader

# How several prefixes are kept apart in one text; what the vendor uses is not published.
PREFIX_ENDS = re.compile(r"[,;|\s]+")


class GiftTime(Record, frozen=True, kw_only=True):
    """Seconds that a package gives to numbers with one of these prefixes, which stand in one text."""

    prefix: str = ""


class Suite(Record, frozen=True, kw_only=True):
    """A package that accounts can have."""

    id: int
    name: str
    gift_times: tuple[GiftTime, ...] = field(default=(), name="infoGiftTimes")

    @property
    def prefixes(self) -> list[str]:
        """Prefixes of the numbers that the package covers; an empty one where it gives time to all numbers."""
        texts = (PREFIX_ENDS.split(gift.prefix.strip()) for gift in self.gift_times)
        return sorted({prefix for prefixes in texts for prefix in prefixes})


class SuiteOrder(Record, frozen=True, kw_only=True):
    """The order of a package by an account: from when until when the account has it."""

    suite_id: int
    available_time: Millis
    expire_time: int | None = None

    @property
    def begins_at(self) -> datetime:
        return instant(self.available_time)

    @property
    def expiry(self) -> Expiry:
        return Expiry.of(self.expire_time)


SUITES = RowReader(Suite, named_by="id")
SUITE_ORDERS = RowReader(SuiteOrder, named_by="suiteId")


def get_suites(client: Client, *, ids: Sequence[int]) -> Listed[Suite]:
    """Read these packages, whichever accounts have them (3.25)."""
    return client.read_list("GetSuite", {"ids": list(ids)}, "infoSuites", SUITES) if ids else Listed()


def get_suite_orders(client: Client, *, account: str) -> Listed[SuiteOrder]:
    """Read which packages an account has, had or is going to have (3.29)."""
    return client.read_list("GetSuiteOrder", account_owner(account), "infoSuiteOrders", SUITE_ORDERS)
