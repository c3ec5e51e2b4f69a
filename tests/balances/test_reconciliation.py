from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import Account, Switch
from billing.balances.models import BalanceReading, Case, Cause, Payment, Reconciliation, Stream, SyncMark
from billing.balances.services import balances, profiles
from billing.balances.services import payments as balance_payments
from billing.balances.services.reconciliation import Reconciled, reconcile
from billing.calls.models import Call, CallDay, DayState
from billing.calls.services.fetching import fetch_days
from billing.lib.days import begin_of
from simulator.process import SimulatorProcess
from tests.support.factories import AccountFactory, CallDayFactory, PaymentFactory, SwitchFactory

NOW = datetime.now(UTC)
TODAY = NOW.date()
FIRST = TODAY - timedelta(days=10)
ZOE = "A-20417"


def sync(switch: Switch, *numbers: str) -> list[Account]:
    """Read balances, then calls, then payments, each at its own moment, as the command does."""
    balances.refresh_all(switch=switch, now=datetime.now(UTC))
    everyone = list(Account.objects.filter(switch=switch, missing_since=None).values_list("number", flat=True))
    profiles.refresh(switch=switch, numbers=list(numbers) or everyone, now=datetime.now(UTC))
    accounts = list(Account.objects.filter(switch=switch, number__in=numbers or everyone).select_related("switch"))
    fetch_days(accounts=accounts, first=FIRST - timedelta(days=1), last=TODAY, now=datetime.now(UTC))
    for account in accounts:
        balance_payments.mirror(account=account, now=datetime.now(UTC))
    return accounts


def look(account: Account) -> Reconciled:
    return reconcile(account=account, first=FIRST, last=TODAY, now=datetime.now(UTC))


def a_call(account: Account, days_ago: int = 4) -> Call:
    begin = begin_of(TODAY - timedelta(days=days_ago), account.switch.zone)
    paid = Call.objects.filter(account=account, fee__gt=0, started_at__gte=begin + timedelta(hours=9))
    call = paid.order_by("started_at").first()
    assert call is not None
    return call


def test_the_sample_world_is_explained_to_the_last_place(switch: Switch, simulator: SimulatorProcess) -> None:
    for account in sync(switch):
        outcome = look(account)
        assert [(case.begins_at, case.ends_at, case.difference) for case in outcome.cases] == []
        assert outcome.days in (0, 10)
    rows = list(Reconciliation.objects.select_related("account"))
    assert all(row.difference == 0 for row in rows)
    assert any(row.agent_fees for row in rows)
    assert any(row.charges for row in rows)


def test_a_silently_edited_record_is_found_and_closes_when_it_is_put_right(
    switch: Switch, simulator: SimulatorProcess
) -> None:
    (account,) = sync(switch, ZOE)
    assert look(account).cases == []
    call = a_call(account)
    simulator.control.edit_call(call.flow_no, fee=call.fee + Decimal("0.123457"), silent=True)
    sync(switch, ZOE)
    (case,) = look(account).cases
    assert case.difference == Decimal("0.123457")
    assert case.begins_at <= call.ended_at <= case.ends_at
    assert case.cause == Cause.RECORD_EDITED
    simulator.control.edit_call(call.flow_no, fee=call.fee, silent=True)
    sync(switch, ZOE)
    assert look(account).cases == []
    case.refresh_from_db()
    assert case.closed_at is not None
    assert case.is_explained
    simulator.control.edit_call(call.flow_no, fee=call.fee + Decimal("0.123457"), silent=True)
    sync(switch, ZOE)
    (reopened,) = look(account).cases
    assert reopened.difference == case.difference
    assert reopened != case


def test_a_removed_record_is_found(switch: Switch, simulator: SimulatorProcess) -> None:
    (account,) = sync(switch, ZOE)
    call = a_call(account)
    simulator.control.remove_call(call.flow_no, silent=True)
    sync(switch, ZOE)
    (case,) = look(account).cases
    assert (case.difference, case.cause) in [
        (-call.fee, Cause.RECORD_MISSING),
        (-call.fee, Cause.LATE_RECORD),
    ]


def test_a_balance_that_was_set_by_hand_is_found(switch: Switch, simulator: SimulatorProcess) -> None:
    (account,) = sync(switch, ZOE)
    before = simulator.control.account(ZOE).money
    simulator.control.set_money(ZOE, Decimal("50"))
    simulator.control.pay(ZOE, Decimal(5))
    sync(switch, ZOE)
    (case,) = look(account).cases
    assert (case.difference, case.cause) == (50 - before, Cause.BALANCE_SET)


def test_running_again_writes_nothing(switch: Switch, simulator: SimulatorProcess) -> None:
    (account,) = sync(switch, ZOE)
    call = a_call(account)
    simulator.control.edit_call(call.flow_no, fee=call.fee + 1, silent=True)
    sync(switch, ZOE)
    first = look(account)
    rows = list(Reconciliation.objects.order_by("pk").values())
    cases = list(Case.objects.order_by("pk").values())
    assert look(account) == first
    assert list(Reconciliation.objects.order_by("pk").values()) == rows
    assert list(Case.objects.order_by("pk").values()) == cases
    assert len(cases) == 1


def test_a_case_that_a_person_closed_stays_closed(switch: Switch, simulator: SimulatorProcess) -> None:
    (account,) = sync(switch, ZOE)
    simulator.control.set_money(ZOE, Decimal("50"))
    simulator.control.pay(ZOE, Decimal(5))
    sync(switch, ZOE)
    look(account)
    Case.objects.update(closed_at=NOW, note="Agreed with the operator.")
    assert look(account).cases == []
    assert Case.objects.count() == 1


def test_days_that_are_not_known_are_not_judged(switch: Switch, simulator: SimulatorProcess) -> None:
    (account,) = sync(switch, ZOE)
    account.call_days.filter(day=TODAY - timedelta(days=5)).update(state="not_fetched")
    assert look(account).days < 9
    account.sync_marks.all().delete()
    assert look(account) == Reconciled()


def test_an_agent_needs_the_calls_of_its_children(switch: Switch, simulator: SimulatorProcess) -> None:
    sync(switch)
    agent = Account.objects.get(number="R-100")
    assert look(agent).days == 10
    CallDay.objects.filter(account__number=ZOE).delete()
    assert look(agent).days == 0


def test_an_agent_whose_children_are_not_all_known_is_not_judged(switch: Switch, simulator: SimulatorProcess) -> None:
    sync(switch, "R-100")
    assert look(Account.objects.get(number="R-100")) == Reconciled()


def test_two_payments_in_one_instant_are_followed_in_the_order_of_their_balances(
    switch: Switch, simulator: SimulatorProcess
) -> None:
    at = int(datetime.now(UTC).timestamp() * 1000)
    for amount in ("5", "-3", "7", "5"):
        simulator.control.pay("C-301", Decimal(amount), at=at)
    (account,) = sync(switch, "C-301")
    last = list(Payment.objects.filter(account=account).order_by("-paid_at", "pk")[:4])
    Payment.objects.filter(pk__in=[payment.pk for payment in last]).delete()
    for payment in (last[2], last[0], last[3], last[1]):
        payment.pk = None
        payment.save()
    assert look(account).cases == []


def test_two_gaps_that_end_in_one_instant_are_two_cases(switch: Switch, simulator: SimulatorProcess) -> None:
    at = int(datetime.now(UTC).timestamp() * 1000)
    for money in (500, 900):
        simulator.control.set_money("C-301", Decimal(money))
        simulator.control.pay("C-301", Decimal(5), at=at)
    (account,) = sync(switch, "C-301")
    first = look(account)
    assert [case.difference for case in first.cases][1:] == [Decimal(395)]
    assert {case.ends_at for case in first.cases} == {datetime.fromtimestamp(at / 1000, UTC)}
    cases = list(Case.objects.order_by("pk").values())
    assert len(cases) == 2
    assert look(account) == first
    assert list(Case.objects.order_by("pk").values()) == cases


def test_a_call_that_ends_beside_a_payment_raises_no_case(switch: Switch, simulator: SimulatorProcess) -> None:
    start = int(datetime.now(UTC).timestamp() * 1000) - 60_000
    simulator.control.pay(ZOE, Decimal(5))
    simulator.control.add_call(ZOE, "8613900000000", start=start, seconds=60, fee=Decimal("0.31"))
    simulator.control.pay(ZOE, Decimal(5))
    (account,) = sync(switch, ZOE)
    assert look(account).cases == []


def test_a_reading_taken_while_calls_run_raises_no_case(switch: Switch, simulator: SimulatorProcess) -> None:
    (account,) = sync(switch, ZOE)
    at = datetime.now(UTC)
    simulator.control.add_call(
        ZOE, "8613900000000", start=int(at.timestamp() * 1000) - 59_000, seconds=60, fee=Decimal("0.31")
    )
    BalanceReading.objects.create(account=account, at=at, balance=simulator.control.account(ZOE).money)
    sync(switch, ZOE)
    assert look(account).cases == []


@pytest.mark.django_db
def test_a_living_world_is_explained_too() -> None:
    with SimulatorProcess("--seed", "5") as living:
        switch = SwitchFactory.create(url=living.url)
        for _ in range(2):
            accounts = sync(switch)
        for account in accounts:
            assert look(account).cases == []


def test_a_gap_at_the_latest_balance_stays_the_same_case(switch: Switch, simulator: SimulatorProcess) -> None:
    sync(switch, ZOE)
    simulator.control.set_money(ZOE, Decimal("50"))
    (account,) = sync(switch, ZOE)
    (case,) = look(account).cases
    assert case.cause == Cause.BALANCE_SET
    for _ in range(2):
        (account,) = sync(switch, ZOE)
        assert look(account).cases == [case]
    assert Case.objects.count() == 1


def test_a_long_call_that_began_before_all_that_is_known_raises_no_case(db: None) -> None:
    account = AccountFactory.create(balance=None, balance_at=None)
    midnight = datetime(2026, 11, 10, tzinfo=UTC)
    days = [midnight + timedelta(days=number) for number in range(3)]
    for stream in Stream:
        SyncMark.objects.create(account=account, stream=stream, complete_from=midnight, complete_until=days[-1])
    for day in days:
        CallDayFactory.create(account=account, day=day.date(), state=DayState.FETCHED, fetched_at=NOW)
    # Seven hours from ten in the evening cost 7: they are a record of a day that was never fetched.
    for hours, balance in ((3, 100), (6, 94), (30, 95)):
        at = midnight + timedelta(hours=hours)
        PaymentFactory.create(account=account, paid_at=at, amount=1, balance_after=balance)
    found = reconcile(account=account, first=days[0].date(), last=days[-1].date(), now=NOW)
    assert (found.days, found.cases) == (1, [])
