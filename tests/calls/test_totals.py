"""What is added up is what the rows come to, whatever became of the records."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Account
from billing.calls.models import Call, CallDay, CallTotal
from billing.calls.services import replacing, staging
from billing.vos3000.operations.calls import Cdr
from tests.support.factories import AccountFactory
from tests.support.waiting import eventually, waiting_for_locks

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
DAYS = (date(2026, 11, 18), date(2026, 11, 19))
SUMS = ("calls", "answered", "talk_seconds", "billed_seconds", "fee")
pytestmark = pytest.mark.django_db


def load(account: Account, day: date, records: list[Cdr]) -> None:
    stage = staging.Stage(day, {account.number: account.pk})
    for record in records:
        stage.add(record)
    replacing.replace_day(switch=account.switch, stage=stage, now=NOON + timedelta(days=3))


def record(account: Account, flow_no: int, *, minute: int, seconds: int, fee: int) -> Cdr:
    """A record of a call that begins so many minutes after the first noon."""
    start = int((NOON + timedelta(minutes=minute)).timestamp() * 1000)
    return Cdr(
        flow_no=flow_no,
        account=account.number,
        start=start,
        stop=start + seconds * 1000,
        hold_time=seconds,
        fee_time=seconds,
        fee=Decimal(fee) / 10**6,
    )


def rows_by_hour(account: Account) -> dict[tuple[date, datetime], tuple[Any, ...]]:
    sums: dict[tuple[date, datetime], list[Any]] = {}
    for call in Call.objects.filter(account=account):
        of_hour = sums.setdefault((call.day, call.started_at.replace(minute=0, second=0, microsecond=0)), [0] * 5)
        added = (1, int(call.talk_seconds > 0), call.talk_seconds, call.billed_seconds, call.fee)
        of_hour[:] = [before + more for before, more in zip(of_hour, added, strict=True)]
    return {key: tuple(of_hour) for key, of_hour in sums.items()}


def totals_by_hour(account: Account) -> dict[tuple[date, datetime], tuple[Any, ...]]:
    rows = CallTotal.objects.filter(account=account)
    return {(row.day, row.hour): tuple(getattr(row, name) for name in SUMS) for row in rows}


# What each fetch of one of the days finds: records come late, are edited, go, or move to the other day.
fetches = st.lists(
    st.tuples(
        st.sampled_from(DAYS),
        st.lists(
            st.tuples(st.integers(1, 8), st.integers(-700, 2100), st.integers(0, 90), st.integers(-5, 5)), max_size=8
        ),
    ),
    min_size=1,
    max_size=5,
)


@given(fetches)
@settings(max_examples=25, deadline=None)
def test_totals_are_the_sums_of_the_rows_after_any_late_edited_moved_and_vanished_records(
    sequence: list[tuple[date, list[tuple[int, int, int, int]]]],
) -> None:
    account: Account = AccountFactory.create(number="A-1")
    for day, found in sequence:
        # Records are numbered by switch, and each account has a new one.
        records = [
            record(account, number, minute=minute, seconds=seconds, fee=fee) for number, minute, seconds, fee in found
        ]
        load(account, day, records)
        assert totals_by_hour(account) == rows_by_hour(account)
        for row in CallDay.objects.filter(account=account):
            summed = CallTotal.objects.filter(account=account, day=row.day).aggregate(
                **{name: Sum(name, default=0) for name in SUMS}
            )
            assert summed == {name: getattr(row, name) for name in SUMS}


def test_the_same_day_again_writes_no_total(db: None) -> None:
    account: Account = AccountFactory.create(number="A-1")
    records = [record(account, number, minute=number * 25, seconds=60, fee=7) for number in range(9)]
    load(account, DAYS[0], records)
    before = _versions(account)
    assert Counter(hour for hour, _, _ in before) == Counter(row.hour for row in CallTotal.objects.all())
    load(account, DAYS[0], records[::-1])
    assert _versions(account) == before


def _versions(account: Account) -> list[tuple[datetime, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hour, ctid::text, cmin::text FROM calls_calltotal WHERE account_id = %s ORDER BY 1", [account.pk]
        )
        return list(cursor.fetchall())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", DAYS)
def test_days_that_report_one_call_and_come_in_at_once_count_it_once(first: date) -> None:
    account: Account = AccountFactory.create(number="A-1")
    (second,) = set(DAYS) - {first}
    own = {
        DAYS[0]: record(account, 1, minute=0, seconds=60, fee=1),
        DAYS[1]: record(account, 2, minute=800, seconds=60, fee=2),
    }
    across = record(account, 7, minute=719, seconds=120, fee=5)
    for day in DAYS:
        load(account, day, [own[day]])

    def run() -> None:
        try:
            load(account, second, [own[second], across])
        finally:
            connection.close()

    other = Thread(target=run)
    with transaction.atomic():
        load(account, first, [own[first], across])
        other.start()
        assert eventually(lambda: waiting_for_locks() == 1)
    other.join()
    assert totals_by_hour(account) == rows_by_hour(account)
    days = CallDay.objects.filter(account=account).order_by("day")
    assert [(day.calls, day.elsewhere_calls) for day in days] == [(2, 0), (1, 1)]
