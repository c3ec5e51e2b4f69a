"""What the calls of a filter cost on each of its days: the same calls that `call_sums.totals` adds up."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncDate

from accounts.models import Account
from billing.models import Call, CallTotal
from billing.queries.call_filter import CallFilter, matching
from billing.queries.days import DAY, begin_of, each_day

ZERO = Decimal(0)
HOUR = timedelta(hours=1)


def costs_by_day(*, account: Account, filter: CallFilter, first: date, last: date) -> list[tuple[date, Decimal]]:
    """The filter's days are `first` to `last`. A day without calls costs nothing. Takes as long as the totals."""
    calls = matching(account=account, filter=filter)
    costs: dict[date, Decimal] = {}
    for day, cost in _of_rows(calls, filter) if filter.narrows else _of_hours(calls, account, filter, first, last):
        costs[day] = costs.get(day, ZERO) + cost
    return [(day, costs.get(day, ZERO)) for day in each_day(first, last)]


def _of_rows(calls: QuerySet[Call], filter: CallFilter) -> list[tuple[date, Decimal]]:
    by_day = calls.order_by().values_list(TruncDate("started_at", tzinfo=filter.zone))
    return list(by_day.annotate(Sum("fee")))


def _of_hours(
    calls: QuerySet[Call], account: Account, filter: CallFilter, first: date, last: date
) -> list[tuple[date, Decimal]]:
    """From what was added up by the hour; from rows where a day of a half-hour zone ends within one."""
    midnights = [begin_of(day, filter.zone) for day in each_day(first, last + DAY)]
    split = [_hour(midnight) for midnight in midnights if midnight != _hour(midnight)]
    whole = CallTotal.objects.filter(account=account, hour__gte=midnights[0], hour__lt=midnights[-1])
    by_day = whole.exclude(hour__in=split).values_list(TruncDate("hour", tzinfo=filter.zone)).annotate(Sum("fee"))
    parts = [_of_rows(calls.filter(started_at__gte=hour, started_at__lt=hour + HOUR), filter) for hour in split]
    return [*by_day, *(row for rows in parts for row in rows)]


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
