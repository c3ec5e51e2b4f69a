"""Many calls at once, as rows of a table: for files, where a model of each would take most of the time."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import DateTimeField, F, Func, Value

from accounts.models import Account
from billing.call_history.queries.filters import CallFilter, matching
from billing.call_history.queries.ordering import Ordering
from billing.call_history.queries.totals import EVER
from billing.lib.days import DAY

# When it began, by the clock of the filter's zone; from, to, seconds talked and billed, fee.
Row = tuple[datetime, str, str, int, int, Decimal]

AT_ONCE = 5000
SECOND = timedelta(seconds=1)
# Reading an instant with its zone takes several times as long as one without.
BEGAN = Func(
    Value("second"),
    Func(Value("UTC"), F("started_at"), function="timezone"),
    function="date_trunc",
    output_field=DateTimeField(),
)


def each(*, account: Account, chosen: CallFilter, using: str = DEFAULT_DB_ALIAS) -> Generator[Row]:
    """Every row that `pages.page` lists, in its order; some at a time are in memory.

    They are one state of the database, however long it takes: a cursor sees nothing of what comes after it was opened.
    """
    calls = Ordering(chosen.order).ordered(matching(account=account, chosen=chosen).using(using))
    rows = calls.values_list(BEGAN, "caller", "callee", "talk_seconds", "billed_seconds", "fee")
    begin = end = EVER.replace(tzinfo=None)
    offset = timedelta()
    # Outside a transaction the database would keep a copy of all of them for the cursor.
    with transaction.atomic(using=using):
        for began, caller, callee, talked, billed, fee in rows.iterator(chunk_size=AT_ONCE):
            if not begin <= began < end:
                begin, end, offset = _stretch(began, chosen.zone)
            yield began + offset, caller, callee, talked, billed, fee


def count(*, account: Account, chosen: CallFilter, most: int | None = None, using: str = DEFAULT_DB_ALIAS) -> int:
    """How many calls the filter wants; at most `most` and one more are counted."""
    calls = matching(account=account, chosen=chosen).using(using)
    return calls.count() if most is None else calls.order_by()[: most + 1].count()


def _stretch(at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime, timedelta]:
    """From when until when, around a second of UTC, the zone's clocks differ from UTC by the same, and by how much.

    The whole day, or on a day on which they are changed that second alone: asking the zone for each of millions of
    rows takes as long as reading them. No clock is changed forth and back within a day.
    """
    midnight = at.replace(hour=0, minute=0, second=0)
    offset = _offset_all_day(midnight, zone)
    return (at, at + SECOND, _offset(at, zone)) if offset is None else (midnight, midnight + DAY, offset)


# By duration or cost, each row is of another day.
@lru_cache(maxsize=4096)
def _offset_all_day(midnight: datetime, zone: ZoneInfo) -> timedelta | None:
    offset = _offset(midnight, zone)
    return offset if offset == _offset(midnight + DAY - SECOND, zone) else None


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return zone.fromutc(at.replace(tzinfo=zone)).replace(tzinfo=None) - at
