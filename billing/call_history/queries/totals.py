"""What the calls of a filter come to. Whole hours are read from what was added up with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Count, DateTimeField, F, Func, IntegerField, Q, QuerySet, Sum, Value

from accounts.models import Account
from billing.call_history.queries.figures import NOTHING, SUMMED, Totals
from billing.call_history.queries.filters import CallFilter, matching
from billing.call_history.queries.split_hours import split_by, taken_apart
from billing.calls.models import Call, CallTotal
from billing.lib.days import begin_of, end_of

# Whole hours, so that no edge of an hour lies before or after.
EVER, NEVER = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)
OF_HOURS = {f"of_{name}": Sum(name, default=0) for name in SUMMED}
OF_ROWS = {
    "of_calls": Count("*"),
    "of_answered": Count("id", filter=Q(talk_seconds__gt=0)),
    "of_talk_seconds": Sum("talk_seconds", default=0),
    "of_billed_seconds": Sum("billed_seconds", default=0),
    "of_fee": Sum("fee", default=Decimal(0)),
}


def totals(*, account: Account, chosen: CallFilter) -> Totals:
    """Add up the very calls that the list has. Takes long where the filter narrows very many calls."""
    return sum(by_stretch(account=account, chosen=chosen, edges=ends_of(chosen)), NOTHING)


def ends_of(chosen: CallFilter) -> tuple[datetime, datetime]:
    begin = begin_of(chosen.first, chosen.zone) if chosen.first else EVER
    end = end_of(chosen.last, chosen.zone) if chosen.last else NEVER
    return begin, max(begin, end)


def by_stretch(*, account: Account, chosen: CallFilter, edges: Sequence[datetime]) -> list[Totals]:
    """Add up the filter's calls from each edge to the next. The first and the last edge are those of its days."""
    if chosen.narrows:
        return of_rows(matching(account=account, chosen=chosen), edges)
    split = split_by(edges)
    hours = CallTotal.objects.filter(account=account, hour__gte=edges[0], hour__lt=edges[-1])
    if not split:
        return _added_up(hours, "hour", OF_HOURS, edges)
    found = _added_up(hours.exclude(hour__in=split), "hour", OF_HOURS, edges)
    for number, part in taken_apart(account, split, edges):
        if 0 < number < len(edges):
            found[number - 1] += part
    return found


def of_rows(calls: QuerySet[Call], edges: Sequence[datetime]) -> list[Totals]:
    """Add up calls from each edge to the next; all begin between the first edge and the last."""
    return _added_up(calls, "started_at", OF_ROWS, edges)


def _added_up(rows: QuerySet[Any], at: str, sums: dict[str, Any], edges: Sequence[datetime]) -> list[Totals]:
    if len(edges) == 2:
        return [Totals(*rows.order_by().aggregate(**sums).values())]
    instants = Value(list(edges), output_field=ArrayField(DateTimeField()))
    number = Func(F(at), instants, function="width_bucket", output_field=IntegerField())
    found = {number: Totals(*of) for number, *of in rows.order_by().values_list(number).annotate(**sums)}
    return [found.get(number, NOTHING) for number in range(1, len(edges))]
