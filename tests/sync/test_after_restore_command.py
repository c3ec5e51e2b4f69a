"""After the restore of a backup: what waits may have been sent since, and the switch may hold what no row tells of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Account, Switch
from billing.balances.services import profiles
from billing.topups.models import Kind, Source, TopUp, TopUpState
from billing.topups.services import dead_senders
from billing.topups.services import sending as topup_sending
from simulator.process import SimulatorProcess
from tests.support.commands import run
from tests.support.factories import AccountFactory, SwitchFactory, TopUpFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
REFERENCE = "TU-0123456789"


@pytest.fixture
def account(switch: Switch) -> Account:
    return profiles.ensure(switch=switch, number="C-301", now=timezone.now())


def waiting(account: Account, **fields: object) -> TopUp:
    """A top-up as it stands in a backup that was made an hour ago, long before its deadline."""
    asked_at = timezone.now() - HOUR
    fields = {"requested_at": asked_at, "next_attempt_at": asked_at, "deadline": asked_at + 9 * HOUR, **fields}
    return TopUpFactory.create(account=account, amount=fields.pop("amount", Decimal(5)), **fields)


def sent_since(simulator: SimulatorProcess, topup: TopUp) -> None:
    """What the lost database knew: it left, and was done."""
    simulator.control.pay(topup.account.number, topup.amount, memo=topup.reference)


def pays(simulator: SimulatorProcess) -> int:
    return len(simulator.control.received("Pay"))


@pytest.mark.parametrize("state", [TopUpState.REQUESTED, TopUpState.SENDING])
def test_what_was_sent_since_the_backup_is_found_and_not_sent_again(
    account: Account, simulator: SimulatorProcess, state: TopUpState
) -> None:
    claimed = {"sent_at": timezone.now(), "attempts": 1} if state == TopUpState.SENDING else {}
    topup = waiting(account, state=state, **claimed)
    sent_since(simulator, topup)
    money = simulator.control.account("C-301").money
    ran = run("after_restore", "--json")
    assert (ran.code, ran.data["outcomes"], ran.data["unread"]) == (0, {"confirmed": 1}, [])
    found = {"reference": topup.reference, "switch": "demo", "account": "C-301", "amount": "5", "state": "confirmed"}
    assert ran.data["topups"] == [found]
    dead_senders.sweep(now=timezone.now() + HOUR)
    assert (pays(simulator), simulator.control.account("C-301").money) == (0, money)


def test_what_was_not_sent_stays_in_doubt_and_a_person_decides(account: Account, simulator: SimulatorProcess) -> None:
    topup = waiting(account)
    ran = run("after_restore", "--json")
    assert (ran.code, ran.data["outcomes"]) == (0, {"in_doubt": 1})
    dead_senders.sweep(now=timezone.now() + HOUR)
    topup.refresh_from_db()
    assert (topup.state, topup.sent_at, pays(simulator)) == (TopUpState.IN_DOUBT, topup.requested_at, 0)


def test_a_transfer_is_found_leg_by_leg(account: Account, simulator: SimulatorProcess) -> None:
    child = profiles.ensure(switch=account.switch, number="A-20417", now=timezone.now())
    agent = profiles.ensure(switch=account.switch, number="R-100", now=timezone.now())
    debit = waiting(agent, kind=Kind.DEBIT, source=Source.TRANSFER, amount=Decimal(-5))
    credit = waiting(child, source=Source.TRANSFER, payer=agent, debit=debit)
    for leg in (debit, credit):
        sent_since(simulator, leg)
    assert run("after_restore").code == 0
    dead_senders.sweep(now=timezone.now() + HOUR / 60)
    assert run("resolve", "demo").code == 0
    assert set(TopUp.objects.values_list("state", flat=True)) == {TopUpState.CONFIRMED}
    assert pays(simulator) == 0


def test_a_credit_that_waited_for_its_debit_a_moment_is_not_sent_again(
    account: Account, simulator: SimulatorProcess
) -> None:
    child = profiles.ensure(switch=account.switch, number="A-20417", now=timezone.now())
    agent = profiles.ensure(switch=account.switch, number="R-100", now=timezone.now())
    debit = waiting(agent, kind=Kind.DEBIT, source=Source.TRANSFER, amount=Decimal(-5), requested_at=timezone.now())
    credit = waiting(child, source=Source.TRANSFER, payer=agent, debit=debit, requested_at=timezone.now())
    for leg in (debit, credit):
        sent_since(simulator, leg)
    assert run("after_restore").code == 0
    topup_sending.carry_out(topup_id=credit.pk, now=timezone.now())
    credit.refresh_from_db()
    assert (credit.state, pays(simulator)) == (TopUpState.IN_DOUBT, 0)


def test_a_payment_whose_top_up_is_lost_is_listed_until_the_form_is_posted_again(
    account: Account, simulator: SimulatorProcess
) -> None:
    simulator.control.pay("C-301", Decimal("7.5"), memo=REFERENCE)
    simulator.control.pay("C-301", Decimal(8), memo="cash")
    ran = run("after_restore", "--json")
    assert ran.code == 0
    [stray] = ran.data["strays"]
    assert {**stray, "paid_at": ""} == {
        "reference": REFERENCE,
        "switch": "demo",
        "account": "C-301",
        "amount": "7.5",
        "paid_at": "",
    }
    assert f"{REFERENCE}: 7.5 to C-301 on demo at " in run("after_restore").out


def test_a_switch_that_is_down_keeps_no_other_waiting(account: Account, simulator: SimulatorProcess) -> None:
    down = waiting(AccountFactory.create(switch=SwitchFactory.create(name="a first one")))
    topup = waiting(account)
    sent_since(simulator, topup)
    ran = run("after_restore", "--json")
    assert (ran.code, ran.data["outcomes"]) == (1, {"in_doubt": 1, "confirmed": 1})
    why = "The switch cannot be reached."
    assert ran.data["unread"] == [{"switch": "a first one", "account": "", "day": None, "why": why}]
    down.refresh_from_db()
    assert down.state == TopUpState.IN_DOUBT


def test_it_reads_from_a_day_before_the_newest_row_on(account: Account, simulator: SimulatorProcess) -> None:
    newest = datetime.now(UTC) - timedelta(days=3)
    TopUpFactory.create(account=account).transitions.create(to_state=TopUpState.REQUESTED, at=newest)
    read = datetime.fromisoformat(run("after_restore", "--json").data["since"])
    assert abs(newest - timedelta(days=1) - read) < timedelta(seconds=1)


def test_it_can_be_told_from_when_on(account: Account) -> None:
    ran = run("after_restore", "--since", "2026-11-20T18:00+01:00", "--json")
    assert (ran.code, datetime.fromisoformat(ran.data["since"])) == (0, datetime(2026, 11, 20, 17, tzinfo=UTC))


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", "2999-01-01"])
def test_a_moment_that_makes_no_sense_is_bad_use(switch: Switch, since: str) -> None:
    ran = run("after_restore", "--since", since)
    assert (ran.code, ran.out) == (2, "")
    assert since in ran.err
