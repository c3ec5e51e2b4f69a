"""Where to look for the calls of a filter, so that a page never looks at more than so many of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Q, QuerySet

from accounts.models import Account
from billing.call_history.queries.filters import CallFilter, Order, of_days
from billing.call_history.queries.ordering import Ordering
from billing.call_history.queries.split_hours import hour_of
from billing.calls.models import Call, CallTotal
from billing.lib.days import begin_of, end_of

LONGEST_MONTH = timedelta(days=31)


@dataclass(frozen=True)
class SearchWindow:
    """`calls` hold all that are `wanted`, and perhaps others.

    `is_small`: they are few enough to look at them all and sort them. Otherwise an index has them in order.
    """

    calls: QuerySet[Call]
    wanted: Q
    is_small: bool = False


def search_window(*, account: Account, chosen: CallFilter, look_at: int) -> SearchWindow:
    """Where to look, so that a page of the filter's order looks at `look_at` calls at most, or knows where to stop."""
    wanted = chosen.days() & chosen.conditions()
    of_its_days, of_months = of_days(account=account, chosen=chosen), _of_months(account, chosen)
    if chosen.least_seconds is not None:
        long = of_months.filter(talk_seconds__gte=chosen.least_seconds)
        if Ordering(Order.LONGEST).nth(long, look_at + 1) is None:
            return SearchWindow(long, wanted, is_small=True)
    if chosen.least_fee is not None:
        dear = of_months.filter(fee__gte=chosen.least_fee)
        if Ordering(Order.DEAREST).nth(dear, look_at + 1) is None:
            return SearchWindow(dear, wanted, is_small=True)
    if chosen.order == Order.NEWEST:
        return SearchWindow(of_its_days, chosen.conditions())
    if Ordering(Order.NEWEST).nth(of_its_days, look_at + 1) is None:
        return SearchWindow(of_its_days, chosen.conditions(), is_small=True)
    # The other orders' indexes know nothing of days, but each month is a table with indexes of its own.
    return SearchWindow(of_months, wanted)


def _of_months(account: Account, chosen: CallFilter) -> QuerySet[Call]:
    """All calls of the months (UTC) that the filter's days lie in."""
    calls = Call.objects.filter(account=account)
    if chosen.first:
        calls = calls.filter(started_at__gte=_month(begin_of(chosen.first, chosen.zone)))
    if chosen.last and chosen.last.year < date.max.year:
        calls = calls.filter(started_at__lt=_month(end_of(chosen.last, chosen.zone) + LONGEST_MONTH))
    return calls


def last_before(calls: QuerySet[Call], *, account: Account, until: datetime, size: int) -> QuerySet[Call]:
    """The calls since an hour after which there are at least `size` calls until then, as the totals of hours tell.

    Each total is of calls of its own, one at least, however many of the switch's days share its hour. It spares
    PostgreSQL thinking about every month for calls that mostly lie in one.
    """
    over = CallTotal.objects.filter(account=account, hour__lt=hour_of(until)).order_by("-hour")
    since = over.values_list("hour", flat=True)[size - 1 : size].first()
    return calls.filter(started_at__gte=since) if since else calls


def _month(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
