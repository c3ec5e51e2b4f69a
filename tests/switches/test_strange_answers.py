"""One record or row that no switch should send must not keep the others from being read."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Account
from billing.calls.models import Call, CallDay, DayState
from billing.calls.services.fetching import Fetched, fetch_days
from billing.calls.services.proving import prove_days
from billing.switches.models import SwitchFailure
from tests.support.factories import AccountFactory, SwitchFactory
from tests.support.rawserver import RawServer, reply

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = date(2026, 11, 18)
MIDNIGHT = int(datetime(2026, 11, 18, tzinfo=UTC).timestamp() * 1000)

pytestmark = pytest.mark.django_db


def record(flow_no: int, **fields: Any) -> dict[str, Any]:
    start = MIDNIGHT + 3_600_000
    return {"flowNo": flow_no, "account": "A-1", "start": start, "stop": start + 60_000, "fee": 0.05, **fields}


def row(account: str, **fields: Any) -> dict[str, Any]:
    return {"account": account, "beginTime": MIDNIGHT, "cdrCount": 1, "totalFee": 0.05, **fields}


def calls(*records: dict[str, Any]) -> str:
    return json.dumps({"retCode": 0, "infoCdrs": records})


def report(*rows: dict[str, Any]) -> str:
    return json.dumps({"retCode": 0, "infoReportCustomerFees": rows})


NOT_FOUND = json.dumps({"retCode": -10007, "exception": "Not found, operation failed."})


def accounts_on(server: RawServer, *numbers: str) -> list[Account]:
    switch = SwitchFactory.create(url=server.url)
    return [AccountFactory.create(switch=switch, number=number) for number in numbers]


def fetch(server: RawServer, *numbers: str) -> Fetched:
    return fetch_days(accounts=accounts_on(server, *numbers), first=DAY, last=DAY, now=NOW)


def prove(*accounts: Account) -> dict[str, str]:
    prove_days(switch=accounts[0].switch, accounts=accounts, first=DAY, last=DAY, now=NOW)
    return dict(CallDay.objects.values_list("account__number", "state"))


def test_accounts_whose_answer_was_an_error_are_asked_for_together_again() -> None:
    with RawServer(reply("no", status="500 Internal Server Error"), reply(calls(record(1)))) as server:
        accounts = accounts_on(server, "A-1", "B-1")
        for _ in range(2):
            fetched = fetch_days(accounts=accounts, first=DAY, last=DAY, now=NOW)
        assert [request.body["accounts"] for request in server.received] == [["A-1", "B-1"]] * 2
    assert fetched.days == 2


def test_a_group_is_not_taken_apart_where_the_switch_answers_with_an_error() -> None:
    with RawServer(reply("no", status="404 Not Found")) as server:
        fetched = fetch(server, "A-1", "B-1")
        assert len(server.received) == 1
    assert len(fetched.failures) == 2


@pytest.mark.parametrize(
    "fields",
    [{"flowNo": 2**63}, {"flowNo": 10**30}, {"agentAccount": "".join(chr(0x4E00 + n) for n in range(3000))}],
    ids=["flowNo", "longer flowNo", "agentAccount"],
)
def test_a_record_that_cannot_be_kept_is_counted_as_unreadable(fields: dict[str, Any]) -> None:
    with RawServer(reply(calls(record(1, **fields), record(2)))) as server:
        fetched = fetch(server, "A-1")
    assert fetched.failures == []
    day = CallDay.objects.get()
    assert (day.calls, day.unreadable) == (1, 1)


def test_a_record_that_an_answer_repeats_is_one_call() -> None:
    with RawServer(reply(calls(record(1), record(1), record(1, fee=0.07)))) as server:
        fetched = fetch(server, "A-1")
    assert fetched.calls == Call.objects.count() == 1
    assert Call.objects.get().fee == Decimal("0.07")


def test_a_day_whose_sums_cannot_be_kept_is_told_and_keeps_its_rows() -> None:
    dear = [record(number, fee=9e11) for number in range(200)]
    with RawServer(reply(calls(record(1))), reply(calls(*dear))) as server:
        (account,) = accounts_on(server, "A-1")
        fetch_days(accounts=[account], first=DAY, last=DAY, now=NOW)
        fetched = fetch_days(accounts=[account], first=DAY, last=DAY, now=NOW)
    assert [failure.why for failure in fetched.failures] == [SwitchFailure.UNREADABLE]
    assert CallDay.objects.get().calls == Call.objects.count() == 1


@pytest.mark.parametrize(
    "fields",
    [{"cdrCount": 2**31}, {"cdrCount": 2**70}, {"totalFee": 1e13}, {"totalFee": 1e300}],
    ids=str,
)
def test_an_impossible_row_of_the_report_says_nothing(fields: dict[str, Any]) -> None:
    with RawServer(
        reply(calls(record(1), record(2, account="A-2"))), reply(report(row("A-1"), row("A-2", **fields)))
    ) as server:
        accounts = accounts_on(server, "A-1", "A-2")
        fetch_days(accounts=accounts, first=DAY, last=DAY, now=NOW)
        assert prove(*accounts) == {"A-1": DayState.PROVEN, "A-2": DayState.FETCHED}


def test_an_old_day_is_emptied_where_the_report_says_that_it_has_no_calls() -> None:
    later = NOW + timedelta(days=30)
    none = row("A-1", cdrCount=0, totalFee=0)
    known = reply(json.dumps({"retCode": 0, "infoCustomers": [{"account": "A-1", "money": 0, "limitMoney": 0}]}))
    with RawServer(reply(calls(record(1))), reply(calls()), known, reply(report(none))) as server:
        (account,) = accounts_on(server, "A-1")
        for now in (NOW, later):
            assert fetch_days(accounts=[account], first=DAY, last=DAY, now=now).failures == []
    assert (CallDay.objects.get().calls, Call.objects.count()) == (0, 0)


def test_an_account_that_the_report_does_not_find_does_not_speak_for_the_others() -> None:
    with RawServer(
        reply(calls(record(1), record(2, account="A-2"))),
        reply(NOT_FOUND),
        reply(report(row("A-1"))),
        reply(NOT_FOUND),
        # A-2 differs, is fetched again and is not there: its day keeps what it has.
        reply(NOT_FOUND),
        reply(NOT_FOUND),
        reply(NOT_FOUND),
    ) as server:
        accounts = accounts_on(server, "A-1", "A-2")
        fetch_days(accounts=accounts, first=DAY, last=DAY, now=NOW)
        assert prove(*accounts) == {"A-1": DayState.PROVEN, "A-2": DayState.DIFFERS}
    assert Call.objects.count() == 2
