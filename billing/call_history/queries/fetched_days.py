"""Which days of the switch that a filter touches are fetched, still missing, never to come, or kept no longer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import Account
from billing.call_history.queries.filters import CallFilter
from billing.calls.queries import backfills as backfill_queries
from billing.calls.queries import retention
from billing.calls.queries.backfills import Progress
from billing.calls.services import backfills
from billing.lib.days import begin_of, day_of, end_of
from billing.lib.instants import MICROSECOND


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """`progress` is of the days that the switch can know; None where it can know none of them.

    `kept_from` is set where older calls are not kept. Days before `earliest` that were `never_fetched`, the newest
    first, will not be fetched any more.
    """

    progress: Progress | None
    kept_from: datetime | None
    earliest: date
    never_fetched: Sequence[date]

    @property
    def missing_days(self) -> list[date]:
        """Days of the switch's calendar, the oldest first: whether they will come or not."""
        return [*reversed(self.never_fetched), *(self.progress.missing_days if self.progress else ())]


def coverage(*, account: Account, chosen: CallFilter, now: datetime) -> Coverage:
    first, last = _switch_days(account, chosen)
    return Coverage(
        progress=progress(account=account, chosen=chosen, now=now),
        kept_from=retention.missing_from(begin_of(chosen.first, chosen.zone) if chosen.first else None, now),
        earliest=backfills.earliest_day(account=account, now=now),
        never_fetched=backfills.never_fetched(account=account, first=first, last=last, now=now),
    )


def progress(*, account: Account, chosen: CallFilter, now: datetime) -> Progress | None:
    """How far the days that the filter touches have come in; None where the switch can know none of them."""
    first, last = _switch_days(account, chosen)
    days = backfills.stretch(account=account, first=first, last=last, now=now)
    return backfill_queries.progress(account=account, first=days[0], last=days[1]) if days else None


def _switch_days(account: Account, chosen: CallFilter) -> tuple[date, date]:
    """The first and the last day of the switch's calendar that the filter touches."""
    zone = account.switch.zone
    first = day_of(begin_of(chosen.first, chosen.zone), zone) if chosen.first else date.min
    last = day_of(end_of(chosen.last, chosen.zone) - MICROSECOND, zone) if chosen.last else date.max
    return first, last
