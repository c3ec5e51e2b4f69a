"""Records that say oddly when their call was, and numbers of more than one record: each is told once and counts."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Account
from billing.calls.models import Call, CallChange, CallDay, DayState, RecordFault, UnreadableRecord
from billing.calls.services.fetching import fetch_days
from billing.calls.services.proving import prove_days
from billing.lib.reasons import Because
from tests.support.factories import AccountFactory, SwitchFactory
from tests.support.rawserver import RawServer, reply

DAY = date(2026, 11, 18)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOON = int(datetime(2026, 11, 18, 12, tzinfo=UTC).timestamp() * 1000)
MIDNIGHT = NOON - 12 * 3_600_000


def record(flow_no: int = 1, account: str = "A-1", **fields: Any) -> dict[str, Any]:
    times = {"start": NOON, "stop": NOON + 60_000, "holdTime": 60, "feeTime": 60}
    named = {"flowNo": flow_no, "account": account, "fee": 0.5, **times, **fields}
    return {name: value for name, value in named.items() if value is not ...}


def cdrs(*records: dict[str, Any]) -> Any:
    return reply(json.dumps({"retCode": 0, "infoCdrs": records}))


def report(*sums: tuple[str, int, float]) -> Any:
    rows = [
        {"account": account, "beginTime": MIDNIGHT, "cdrCount": calls, "totalFee": fee} for account, calls, fee in sums
    ]
    return reply(json.dumps({"retCode": 0, "infoReportCustomerFees": rows}))


def fetch(*accounts: Account, now: datetime = NOW) -> None:
    fetched = fetch_days(accounts=accounts, first=DAY, last=DAY, now=now)
    assert fetched.failures == []


def on(server: RawServer, *numbers: str) -> list[Account]:
    switch = SwitchFactory.create(url=server.url)
    return [AccountFactory.create(switch=switch, number=number) for number in numbers]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "begins", "ends"),
    [
        ({"start": 0, "holdTime": 0}, NOON + 60_000, NOON + 60_000),
        ({"start": ..., "holdTime": 0}, NOON + 60_000, NOON + 60_000),
        ({"start": None, "holdTime": ...}, NOON + 60_000, NOON + 60_000),
        ({"start": 0}, NOON, NOON + 60_000),
        ({"stop": NOON - 5000}, NOON, NOON - 5000),
        ({"stop": 0}, NOON, NOON + 60_000),
        ({"stop": ...}, NOON, NOON + 60_000),
        ({"start": 5000}, NOON, NOON + 60_000),
        ({"holdTime": -7, "feeTime": -60}, NOON, NOON + 60_000),
        ({"holdTime": None, "feeTime": ...}, NOON, NOON + 60_000),
        ({"start": 0, "holdTime": 2**31 - 1}, NOON + 60_000, NOON + 60_000),
    ],
)
def test_a_call_that_is_told_of_oddly_is_shown_with_its_fee_and_its_day_is_proven(
    fields: dict[str, Any], begins: int, ends: int
) -> None:
    with RawServer(cdrs(record(), record(2, **fields)), report(("A-1", 2, 1.0))) as server:
        (account,) = on(server, "A-1")
        fetch(account)
        prove_days(switch=account.switch, accounts=[account], first=DAY, last=DAY, now=NOW)
    assert not UnreadableRecord.objects.exists()
    call = Call.objects.get(flow_no=2)
    assert (_millis(call.started_at), _millis(call.ended_at)) == (begins, ends)
    assert (call.fee, call.talk_seconds >= 0, call.billed_seconds >= 0) == (Decimal("0.5"), True, True)
    row = CallDay.objects.get()
    assert (row.state, row.calls, row.fee) == (DayState.PROVEN, 2, Decimal(1))


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


@pytest.mark.django_db
def test_a_call_without_any_instant_near_its_day_is_set_aside() -> None:
    with RawServer(cdrs(record(1, start=0, stop=0))) as server:
        (account,) = on(server, "A-1")
        fetch(account)
    assert UnreadableRecord.objects.get().reason == Because(RecordFault.OTHER_TIME)


@pytest.mark.django_db
def test_of_two_records_of_one_number_the_same_one_stands_in_whatever_order_they_come() -> None:
    first, second = record(7, fee=0.5, calleeE164="1"), record(7, fee=0.75, start=NOON + 1000, calleeE164="2")
    with RawServer(cdrs(first, second), cdrs(second, first), cdrs(first, second)) as server:
        (account,) = on(server, "A-1")
        seen = set()
        for minutes in range(3):
            fetch(account, now=NOW + timedelta(minutes=minutes))
            seen.add(Call.objects.values_list("flow_no", "fee", "callee", "started_at").get())
    assert len(seen) == 1
    assert CallDay.objects.get().calls == 1
    assert not CallChange.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("together", [True, False], ids=["in one answer", "in one answer each"])
def test_a_number_of_two_accounts_is_one_call_that_stays_where_it_is_and_both_days_are_proven(together: bool) -> None:
    mine, yours = record(7, fee=0.5), record(7, "A-2", fee=0.75)
    others = record(1), record(2, "A-2")
    with RawServer() as server:
        accounts = on(server, "A-1", "A-2")
        owners, changes = [], []
        for minutes in range(6):
            server.replies.clear()
            now = NOW + timedelta(minutes=minutes)
            if together:
                answers = [mine, yours, *others]
                server.replies.append(cdrs(*(answers if minutes % 2 else reversed(answers))))
                fetch(*accounts, now=now)
            else:
                server.replies.extend([cdrs(mine, others[0]), cdrs(yours, others[1])])
                fetch(accounts[0], now=now)
                fetch(accounts[1], now=now)
            owners.append(Call.objects.get(flow_no=7).account.number)
            changes.append(CallChange.objects.count())
        server.replies.append(report(("A-1", 2, 1.0), ("A-2", 2, 1.25)))
        proven = prove_days(switch=accounts[0].switch, accounts=accounts, first=DAY, last=DAY, now=NOW)
    assert len(set(owners)) == len(set(changes)) == 1, "it goes back and forth"
    assert (proven.proven, proven.differing) == (2, [])
    assert Call.objects.count() == 3
