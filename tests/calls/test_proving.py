"""Days that comparing does not prove: tried again ever more rarely, seen by staff, and in the end left as they are."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from django.urls import reverse

from accounts.models import Account, Switch
from billing.calls.models import (
    Call,
    CallChange,
    CallDay,
    CallTotal,
    ChangeOfRecord,
    DayState,
    NotFetched,
    UnusableReport,
)
from billing.calls.services.fetching import fetch_days
from billing.calls.services.proof_retries import PAUSES
from billing.calls.services.proving import prove_days
from billing.lib.reasons import Because
from billing.lib.redis import connection as redis
from billing.sync.services import rounds
from billing.vos3000 import Withheld
from simulator.process import SimulatorProcess
from tests.support.call_records import UNREADABLE
from tests.support.factories import AccountFactory, MembershipFactory, SwitchFactory
from tests.support.logins import logged_in
from tests.support.pages import context
from tests.support.rawserver import RawServer, reply
from tests.support.staff_pages import listed
from tests.support.staffsite import staff

NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
MINUTE = timedelta(minutes=1)
BEFORE = NOW - 5 * MINUTE
KEPT_UP, OLD = NOW.date() - timedelta(days=5), NOW.date() - timedelta(days=100)
IMPOSSIBLE = Because(UnusableReport.IMPOSSIBLE, {"calls": 2**31, "fee": "0.05"})


@pytest.fixture
def account(switch: Switch) -> Account:
    """An account with a member."""
    account: Account = MembershipFactory.create(account__switch=switch, account__number="C-301").account
    return account


def differing(account: Account, simulator: SimulatorProcess, day: date) -> CallDay:
    """A day, compared once, with a record that the switch counts and that cannot be read."""
    start = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp() * 1000)
    simulator.control.add_call(account.number, "8613900000000", start=start, fields=UNREADABLE)
    fetch_days(accounts=[account], first=day, last=day, now=BEFORE)
    prove(account.switch, NOW)
    return row_of(account, day)


def prove(switch: Switch, now: datetime) -> str:
    return rounds.prove(switch=switch, now=now)


def row_of(account: Account, day: date) -> CallDay:
    return CallDay.objects.get(account=account, day=day)


def mend(account: Account, simulator: SimulatorProcess) -> None:
    simulator.control.remove_call(json.loads(account.unreadable_records.get().excerpt)["flowNo"])


def asked(simulator: SimulatorProcess) -> tuple[int, int]:
    """How many requests there were for calls, and for reports."""
    requests = simulator.control.stats().requests
    return requests.get("GetCdr", 0), requests.get("GetReportCustomerFee", 0)


@pytest.mark.parametrize("day", [KEPT_UP, OLD], ids=["kept up", "old"])
def test_a_day_that_differs_is_fetched_again_ever_more_rarely_and_then_left(
    account: Account, simulator: SimulatorProcess, day: date
) -> None:
    row = differing(account, simulator, day)
    assert (row.state, row.tries, row.unproven_since) == (DayState.DIFFERS, 1, NOW)
    pauses, now = [], NOW
    while row.next_try_at is not None:
        fetched, _ = asked(simulator)
        pauses.append(row.next_try_at - now)
        prove(account.switch, row.next_try_at - MINUTE)
        assert asked(simulator)[0] == fetched, "it waits for its turn"
        now = row.next_try_at
        prove(account.switch, now)
        assert asked(simulator)[0] == fetched + 1
        row = row_of(account, day)
    assert pauses[:3] == [PAUSES.first, 2 * PAUSES.first, 4 * PAUSES.first]
    assert pauses[-1] == PAUSES.longest
    assert (row.state, row.tries, row.unproven_since) == (DayState.DIFFERS, CallDay.MOST_TRIES, NOW)
    fetched, _ = asked(simulator)
    for days in range(1, 5):
        prove(account.switch, now + timedelta(days=days))
    assert asked(simulator)[0] == fetched


def test_a_day_that_was_put_off_is_proven_in_the_next_round(switch: Switch, simulator: SimulatorProcess) -> None:
    """An answer that failed for several accounts does not count as a failed try of each."""
    numbers = ("C-301", "C-302")
    accounts = [MembershipFactory.create(account__switch=switch, account__number=number).account for number in numbers]
    fetch_days(accounts=accounts, first=KEPT_UP, last=KEPT_UP, now=BEFORE)
    CallDay.objects.update(calls=99)
    simulator.control.add_fault("GetCdr", "unlisted_code", accounts_over=1)
    for now, state in ((NOW, DayState.DIFFERS), (NOW + 5 * MINUTE, DayState.PROVEN)):
        prove(switch, now)
        assert list(CallDay.objects.values_list("state", "tries")) == [(state, 0)] * 2


@pytest.mark.parametrize("day", [KEPT_UP, OLD], ids=["kept up", "old"])
def test_a_day_that_differed_is_proven_once_it_can_be_read(
    account: Account, simulator: SimulatorProcess, day: date
) -> None:
    row = differing(account, simulator, day)
    mend(account, simulator)
    assert row.next_try_at is not None
    prove(account.switch, row.next_try_at)
    mended = row_of(account, day)
    assert (mended.state, mended.tries) == (DayState.PROVEN, 0)
    assert (mended.unproven_since, mended.next_try_at) == (None, None)


def test_another_day_that_is_due_has_no_day_fetched_before_its_turn(
    account: Account, simulator: SimulatorProcess
) -> None:
    differing(account, simulator, KEPT_UP)
    fetch_days(accounts=[account], first=KEPT_UP - timedelta(days=1), last=KEPT_UP - timedelta(days=1), now=NOW)
    fetched, reports = asked(simulator)
    prove(account.switch, NOW + MINUTE)
    assert asked(simulator) == (fetched, reports + 1)
    assert row_of(account, KEPT_UP).tries == 1


def test_a_used_up_budget_has_no_day_fetched_again_before_the_others(simulator: SimulatorProcess, db: None) -> None:
    few = SwitchFactory.create(url=simulator.url)
    account: Account = MembershipFactory.create(account__switch=few, account__number="C-301").account
    days = [KEPT_UP - timedelta(days=back) for back in range(3)]
    for day in days:
        start = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp() * 1000)
        simulator.control.add_call(account.number, "8613900000000", start=start, fields=UNREADABLE)
    fetch_days(accounts=[account], first=days[-1], last=days[0], now=BEFORE)
    # One request for a report, and one for a day.
    Switch.objects.filter(pk=few.pk).update(requests_per_second="0.5")
    few.refresh_from_db()
    for minutes in (1, 2, 3):
        redis().delete(f"switch:{few.pk}:bucket")
        with pytest.raises(Withheld):
            prove(few, NOW + minutes * MINUTE)
    assert {row.fetched_at for row in account.call_days.all()} == {NOW + minutes * MINUTE for minutes in (1, 2, 3)}
    assert {row.tries for row in account.call_days.all()} == {1}
    fetched, _ = asked(simulator)
    redis().delete(f"switch:{few.pk}:bucket")
    prove(few, NOW + 4 * MINUTE)
    assert asked(simulator)[0] == fetched


def test_yesterday_is_left_to_its_turn_once_it_was_compared_in_vain(
    account: Account, simulator: SimulatorProcess
) -> None:
    differing(account, simulator, NOW.date() - timedelta(days=1))
    fetched, _ = asked(simulator)
    rounds.fetch_yesterday(switch=account.switch, now=NOW + timedelta(hours=1))
    assert asked(simulator)[0] == fetched


def test_what_differs_is_not_fetched_twice_within_a_slot(account: Account, simulator: SimulatorProcess) -> None:
    yesterday = NOW.date() - timedelta(days=1)
    start = int(datetime(yesterday.year, yesterday.month, yesterday.day, 12, tzinfo=UTC).timestamp() * 1000)
    simulator.control.add_call(account.number, "8613900000000", start=start, fields=UNREADABLE)
    fetched = []
    for minutes in (0, 5):
        rounds.fetch_yesterday(switch=account.switch, now=NOW + minutes * MINUTE)
        prove(account.switch, NOW + minutes * MINUTE)
        fetched.append(asked(simulator)[0])
    assert fetched == [1, 2]


def test_yesterday_without_a_report_that_can_be_used_is_still_fetched_for_late_records(
    account: Account, simulator: SimulatorProcess
) -> None:
    row = differing(account, simulator, NOW.date() - timedelta(days=1))
    CallDay.objects.filter(pk=row.pk).update(unusable_report=IMPOSSIBLE)
    fetched, _ = asked(simulator)
    rounds.fetch_yesterday(switch=account.switch, now=NOW + timedelta(hours=1))
    assert asked(simulator)[0] == fetched + 1


def test_a_day_that_was_given_up_is_tried_again_when_the_switch_says_something_else(
    account: Account, simulator: SimulatorProcess
) -> None:
    row = differing(account, simulator, KEPT_UP)
    CallDay.objects.filter(pk=row.pk).update(tries=CallDay.MOST_TRIES, next_try_at=None)
    mend(account, simulator)
    for days in (1, 2):
        prove(account.switch, NOW + timedelta(days=days, minutes=1))
    assert row_of(account, KEPT_UP).state == DayState.PROVEN


def test_what_the_switch_drops_after_its_time_stays_here(account: Account, simulator: SimulatorProcess) -> None:
    start = int(datetime(KEPT_UP.year, KEPT_UP.month, KEPT_UP.day, 12, tzinfo=UTC).timestamp() * 1000)
    flow_no = simulator.control.add_call(account.number, "8613900000000", start=start)
    fetch_days(accounts=[account], first=KEPT_UP, last=KEPT_UP, now=NOW)
    prove(account.switch, NOW)
    before = row_of(account, KEPT_UP)
    simulator.control.remove_call(flow_no, silent=True)
    Switch.objects.update(call_days_kept=5)
    account.switch.refresh_from_db()
    now = NOW + timedelta(days=1)
    prove_days(switch=account.switch, accounts=[account], first=KEPT_UP, last=now.date(), now=now)
    fetched = fetch_days(accounts=[account], first=KEPT_UP, last=KEPT_UP, now=now)
    assert [failure.why for failure in fetched.failures] == [NotFetched.NOT_ON_SWITCH]
    assert (row_of(account, KEPT_UP).state, row_of(account, KEPT_UP).calls) == (DayState.PROVEN, before.calls)
    assert Call.objects.filter(flow_no=flow_no).exists()


LONG_OVER, YOUNG = NOW.date() - timedelta(days=200), NOW.date() - timedelta(days=7)


def proven_call(account: Account, simulator: SimulatorProcess, day: date) -> int:
    """The number of a proven call on a day on which the switch has no other calls."""
    start = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp() * 1000)
    flow_no = simulator.control.add_call(account.number, "8613900000000", start=start, fee=Decimal("0.3"))
    fetch_days(accounts=[account], first=day, last=day, now=NOW)
    prove_days(switch=account.switch, accounts=[account], first=day, last=day, now=NOW)
    assert row_of(account, day).state == DayState.PROVEN
    return flow_no


@pytest.fixture
def silent(switch: Switch) -> Account:
    """An account without calls of its own."""
    account: Account = MembershipFactory.create(account__switch=switch, account__number="C-303").account
    return account


def test_what_the_switch_drops_without_anybody_having_said_so_stays_here_and_stays_proven(
    silent: Account, simulator: SimulatorProcess
) -> None:
    simulator.control.remove_call(proven_call(silent, simulator, LONG_OVER), silent=True)
    before = row_of(silent, LONG_OVER)
    later = NOW + timedelta(days=2)
    prove_days(switch=silent.switch, accounts=[silent], first=LONG_OVER, last=LONG_OVER, now=later)
    compared = row_of(silent, LONG_OVER)
    assert (compared.state, compared.fetched_at) == (DayState.PROVEN, before.fetched_at)
    assert compared.checked_at == later
    fetched = fetch_days(accounts=[silent], first=LONG_OVER, last=LONG_OVER, now=later)
    assert [failure.why for failure in fetched.failures] == [NotFetched.NOT_ON_SWITCH]
    assert (row_of(silent, LONG_OVER).state, Call.objects.filter(account=silent).count()) == (DayState.PROVEN, 1)


def test_what_the_switch_dropped_and_still_reports_stays_here(silent: Account, simulator: SimulatorProcess) -> None:
    proven_call(silent, simulator, LONG_OVER)
    simulator.control.add_fault("GetCdr", "listed_code")
    fetched = fetch_days(accounts=[silent], first=LONG_OVER, last=LONG_OVER, now=NOW)
    assert [failure.why for failure in fetched.failures] == [NotFetched.NOT_ON_SWITCH]
    assert Call.objects.filter(account=silent).count() == 1


@pytest.mark.parametrize("reason", ["it has older calls", "it says how long it keeps them", "the day is young"])
def test_calls_that_are_truly_gone_are_gone_here_too(silent: Account, simulator: SimulatorProcess, reason: str) -> None:
    day = YOUNG if reason == "the day is young" else LONG_OVER
    if reason == "it has older calls":
        proven_call(silent, simulator, LONG_OVER - timedelta(days=3))
    if reason == "it says how long it keeps them":
        Switch.objects.update(call_days_kept=400)
    proven_call(silent, simulator, day)
    for flow_no in Call.objects.filter(account=silent, day=day).values_list("flow_no", flat=True):
        simulator.control.remove_call(flow_no)
    fresh = Account.objects.select_related("switch").get(pk=silent.pk)
    assert fetch_days(accounts=[fresh], first=day, last=day, now=NOW).failures == []
    assert not Call.objects.filter(account=silent, day=day).exists()
    assert row_of(silent, day).calls == 0


def test_a_call_that_is_gone_is_gone_here_where_the_switch_tells_of_others_on_its_day(
    silent: Account, simulator: SimulatorProcess
) -> None:
    other = AccountFactory.create(switch=silent.switch, number="C-302")
    simulator.control.remove_call(proven_call(silent, simulator, LONG_OVER))
    proven_call(other, simulator, LONG_OVER)
    later = NOW + timedelta(hours=1)
    proven = prove_days(switch=silent.switch, accounts=[silent, other], first=LONG_OVER, last=LONG_OVER, now=later)
    assert (proven.proven, proven.differing) == (2, [])
    assert (row_of(silent, LONG_OVER).calls, row_of(other, LONG_OVER).calls) == (0, 1)


def test_a_late_record_of_a_month_that_was_proven_is_found_and_proves_it_again(
    account: Account, simulator: SimulatorProcess
) -> None:
    """The oldest day that is kept up is always of a month that is over."""
    day = NOW.date() - timedelta(days=34)
    fetch_days(accounts=[account], first=day, last=day, now=NOW)
    prove(account.switch, NOW)
    before = row_of(account, day)
    start = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp() * 1000)
    late = simulator.control.add_call(account.number, "8613900000000", start=start, fee=Decimal("0.3"))
    prove(account.switch, NOW + timedelta(days=1))
    after = row_of(account, day)
    assert (before.state, after.state) == (DayState.PROVEN, DayState.PROVEN)
    assert (after.calls, after.fee) == (before.calls + 1, before.fee + Decimal("0.3"))
    assert CallTotal.objects.filter(account=account, day=day).aggregate(Sum("fee"))["fee__sum"] == after.fee
    assert [(change.flow_no, change.kind) for change in CallChange.objects.all()] == [(late, ChangeOfRecord.LATE)]


DAY = date(2026, 11, 18)
MIDNIGHT = int(datetime(2026, 11, 18, tzinfo=UTC).timestamp() * 1000)
RECORD = {"flowNo": 1, "account": "A-1", "start": MIDNIGHT, "stop": MIDNIGHT + 60_000, "fee": 0.05}
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def report(**fields: Any) -> str:
    row = {"account": "A-1", "beginTime": MIDNIGHT, "cdrCount": 1, "totalFee": 0.05, **fields}
    return json.dumps({"retCode": 0, "infoReportCustomerFees": [row]})


@pytest.mark.django_db
def test_a_day_whose_report_cannot_be_used_is_asked_for_ever_more_rarely_and_staff_see_why() -> None:
    records = json.dumps({"retCode": 0, "infoCdrs": [RECORD]})
    impossible, right = reply(report(cdrCount=2**31)), reply(report())
    with RawServer(reply(records), right, impossible, impossible, right) as server:
        account = AccountFactory.create(switch=SwitchFactory.create(url=server.url), number="A-1")
        MembershipFactory.create(account=account)
        fetch_days(accounts=[account], first=DAY, last=DAY, now=AT)
        prove(account.switch, AT)
        assert row_of(account, DAY).state == DayState.PROVEN
        now = AT + timedelta(days=1)
        assert "1 without a report that can be used" in prove(account.switch, now)
        row = row_of(account, DAY)
        assert (row.state, row.tries, row.next_try_at) == (DayState.FETCHED, 1, now + PAUSES.first)
        assert row.unusable_report == IMPOSSIBLE
        prove(account.switch, now + PAUSES.first - MINUTE)
        assert len(server.received) == 3

        support = logged_in(staff("support"))
        waiting = context(support.get(reverse("admin:index")))["waiting"]
        (line,) = (line for line in waiting if "unusable_report" in line.url)
        assert line.count == 1
        (listed_day,) = listed(support.get(line.url))
        assert "No day can be so: 2147483648 calls, 0.05 in all." in listed_day["why"].words

        prove(account.switch, now + PAUSES.first)
        row.refresh_from_db()
        assert row.next_try_at == now + 3 * PAUSES.first
        prove(account.switch, row.next_try_at)
    row.refresh_from_db()
    assert (row.state, row.tries, row.unusable_report) == (DayState.PROVEN, 0, None)
