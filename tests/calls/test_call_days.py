"""A stored day is the switch's day, however its records come; and no reader ever sees a part of one."""

from __future__ import annotations

import json
import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Account
from billing.calls.models import Call, CallDay
from billing.calls.services import replacing, staging
from billing.calls.services.fetching import fetch_days
from billing.lib.redis import connection as redis
from billing.vos3000.operations.calls import Cdr
from tests.support.factories import AccountFactory, SwitchFactory
from tests.support.rawserver import RawServer, Reply, reply

DAY = date(2026, 11, 18)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOON = int(datetime(2026, 11, 18, 12, tzinfo=UTC).timestamp() * 1000)
# Some of what a number may hold, and what cuts an answer badly.
NUMBERS = st.sampled_from(["442079460000", '"},{"', "\x00", "Zoë\u2028", ""])

records = st.lists(
    st.builds(
        lambda number, minute, seconds, micros, callee: {
            "flowNo": number,
            "account": "A-1",
            "calleeE164": callee,
            "start": NOON + minute * 60_000,
            "stop": NOON + minute * 60_000 + seconds * 1000,
            "holdTime": seconds,
            "feeTime": seconds,
            "fee": micros / 10**6,
        },
        *(st.integers(1, 10**6), st.integers(-700, 700), st.integers(0, 90), st.integers(-9, 9), NUMBERS),
    ),
    max_size=12,
    unique_by=lambda record: record["flowNo"],
)
# An account without records is looked for on the switch: no day is emptied because its account is gone.
KNOWN = reply(json.dumps({"retCode": 0, "infoCustomers": [{"account": "A-1", "money": 0, "limitMoney": 0}]}))
# Each fetch of the day: the order of the records, which of them come twice, and where the answer is cut off, if it is.
fetches = st.lists(
    st.tuples(st.randoms(use_true_random=False), st.integers(0, 3), st.none() | st.floats(0, 0.99)),
    min_size=1,
    max_size=4,
)


@pytest.mark.django_db
@given(days=st.lists(st.tuples(records, fetches), min_size=1, max_size=2))
@settings(max_examples=15)
def test_a_stored_day_is_the_switchs_day_under_any_order_repetition_retry_and_cut(
    days: list[tuple[list[dict[str, Any]], list[Any]]],
) -> None:
    """The switch changes the records of the day between one version and the next."""
    with RawServer() as server:
        account = AccountFactory.create(switch=SwitchFactory.create(url=server.url), number="A-1")
        for told, tries in days:
            for random, repeated, cut in tries:
                before = stored(account)
                answers = [*told, *told[:repeated]]
                random.shuffle(answers)
                text = json.dumps({"retCode": 0, "infoCdrs": answers}, ensure_ascii=False).encode()
                server.replies.clear()
                server.replies.extend([_cut(text, cut), KNOWN])
                fetched = fetch_days(accounts=[account], first=DAY, last=DAY, now=NOW)
                assert len(fetched.failures) == (cut is not None)
                assert stored(account) == (before if cut is not None else {_kept(record) for record in told})
                assert CallDay.objects.get(account=account, day=DAY).calls == len(stored(account))
                redis().flushdb()


def _cut(text: bytes, share: float | None) -> Reply:
    return reply(text) if share is None else reply(text[: int(len(text) * share)], length=len(text))


def _kept(record: dict[str, Any]) -> tuple[Any, ...]:
    callee = record["calleeE164"].replace("\x00", "\ufffd")
    return record["flowNo"], record["start"], record["holdTime"], Decimal(repr(record["fee"])).normalize() + 0, callee


def stored(account: Account) -> set[tuple[Any, ...]]:
    return {
        (
            call.flow_no,
            int(call.started_at.timestamp() * 1000),
            call.talk_seconds,
            call.fee.normalize() + 0,
            call.callee,
        )
        for call in Call.objects.filter(account=account)
    }


@pytest.mark.django_db(transaction=True)
def test_a_reader_sees_the_old_day_or_the_new_one_and_never_a_part() -> None:
    account: Account = AccountFactory.create(number="A-1")
    seen: set[tuple[int, ...]] = set()
    ended = threading.Event()

    def read() -> None:
        try:
            while not ended.is_set():
                seen.add(sums_seen(account))
        finally:
            connection.close()

    load(account, 100)
    reader = threading.Thread(target=read)
    reader.start()
    try:
        for count in (300, 40, 0, 200, 100):
            load(account, count)
    finally:
        ended.set()
        reader.join()
    assert seen <= {(count,) * 4 for count in (100, 300, 40, 0, 200)}
    assert len(seen) > 1


def sums_seen(account: Account) -> tuple[int, ...]:
    """Rows, their seconds, totals, and the day, read by one statement, as a page reads within one snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (SELECT count(*) FROM calls_call WHERE account_id = %(account)s),
                (SELECT coalesce(sum(talk_seconds), 0) FROM calls_call WHERE account_id = %(account)s),
                (SELECT coalesce(sum(calls), 0) FROM calls_calltotal WHERE account_id = %(account)s),
                (SELECT coalesce(sum(calls), 0) FROM calls_callday WHERE account_id = %(account)s)
            """,
            {"account": account.pk},
        )
        return tuple(int(figure) for figure in cursor.fetchone())


def load(account: Account, count: int) -> None:
    stage = staging.Stage(DAY, {account.number: account.pk})
    for number in range(count):
        start = NOON + number * 60_000
        stage.add(
            Cdr(flow_no=number, account="A-1", start=start, stop=start + 1000, hold_time=1, fee_time=1, fee=Decimal(1))
        )
    replacing.replace_day(switch=account.switch, stage=stage, now=NOW)
