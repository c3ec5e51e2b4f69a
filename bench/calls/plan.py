from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate, pairwise
from random import Random

from billing.lib.days import DAY, each_day

FULL, SHORT = 10_000_000, 100_000


@dataclass(frozen=True)
class Plan:
    """`now` says which months there are: the calls end with yesterday, so pages show them by themselves."""

    now: datetime
    size: int = FULL
    seed: int = 1
    accounts: int = 400
    months: int = 13
    # Of all calls, how many are of one account.
    share_of_the_largest: float = 0.2

    @property
    def is_full(self) -> bool:
        return self.size >= FULL

    @property
    def is_short(self) -> bool:
        """It shows that all goes; its times say nothing."""
        return self.size < SHORT

    @property
    def last(self) -> date:
        return self.now.date() - DAY

    @property
    def first(self) -> date:
        """Of as many months, of which this one may have only begun."""
        month = self.last.replace(day=1)
        for _ in range(self.months - 1):
            month = (month - timedelta(days=1)).replace(day=1)
        return month

    @property
    def days(self) -> list[date]:
        return list(each_day(self.first, self.last))

    def shares(self) -> list[float]:
        """Of each account, the largest first. Of the others some talk a hundred times as much as others."""
        draw = Random(self.seed)
        others = [10 ** draw.uniform(0, 2) for _ in range(self.accounts - 1)]
        rest = (1 - self.share_of_the_largest) / sum(others)
        return [self.share_of_the_largest, *(rest * other for other in others)]

    def counts(self) -> Iterator[tuple[date, list[int]]]:
        """Day by day how many calls each account makes; together as many as the size."""
        reached = [round(self.size * share) for share in accumulate(self.shares())]
        totals = [upto - before for before, upto in pairwise([0, *reached])]
        days = self.days
        for number, day in enumerate(days):
            yield day, [total * (number + 1) // len(days) - total * number // len(days) for total in totals]
