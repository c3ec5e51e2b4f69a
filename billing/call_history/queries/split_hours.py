"""Hours of UTC that a day of a half-hour zone begins or ends within, taken apart.

Their rows tell it. Where these are kept no longer, an hour is known as a whole, and counts where it begins.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Sum

from accounts.models import Account
from billing.call_history.queries.figures import SUMMED, Totals
from billing.calls.models import CallTotal

ROWS = """
    SELECT split.hour, width_bucket(call.started_at, %(edges)s::timestamptz[]), count(*),
        count(*) FILTER (WHERE call.talk_seconds > 0), sum(call.talk_seconds), sum(call.billed_seconds), sum(call.fee)
    FROM unnest(%(hours)s::timestamptz[]) AS split (hour)
    JOIN calls_call call ON call.account_id = %(account)s
        AND call.started_at >= split.hour AND call.started_at < split.hour + interval '1 hour'
        AND call.started_at >= %(first)s AND call.started_at < %(last)s + interval '1 hour'
    GROUP BY 1, 2
"""


def split_by(edges: Sequence[datetime]) -> list[datetime]:
    """The hours that have an edge inside, the first one first."""
    return sorted({hour_of(edge) for edge in edges if edge != hour_of(edge)})


def hour_of(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def taken_apart(account: Account, hours: Sequence[datetime], edges: Sequence[datetime]) -> Iterator[tuple[int, Totals]]:
    """What came to the stretches between the edges, each with its number from one on; 0 and the last are outside."""
    known = _known(account, hours)
    rows = _rows(account, sorted(known), edges)
    for hour, whole in known.items():
        parts = rows[hour]
        is_kept = sum(part.calls for _, part in parts) == whole.calls
        yield from parts if is_kept else [(bisect_right(edges, hour), whole)]


def _known(account: Account, hours: Sequence[datetime]) -> dict[datetime, Totals]:
    """What whole hours come to: an hour may hold calls of two days of the switch, each with a row of its own."""
    found = CallTotal.objects.filter(account=account, hour__in=hours).values_list("hour")
    return {hour: Totals(*sums) for hour, *sums in found.annotate(*map(Sum, SUMMED))}


def _rows(
    account: Account, hours: Sequence[datetime], edges: Sequence[datetime]
) -> dict[datetime, list[tuple[int, Totals]]]:
    parts: dict[datetime, list[tuple[int, Totals]]] = defaultdict(list)
    if hours:
        asked: dict[str, Any] = {
            "account": account.pk,
            "hours": hours,
            "edges": list(edges),
            "first": hours[0],
            "last": hours[-1],
        }
        with connection.cursor() as cursor:
            cursor.execute(ROWS, asked)
            for hour, number, *sums in cursor.fetchall():
                parts[hour].append((number, Totals(*sums)))
    return parts
