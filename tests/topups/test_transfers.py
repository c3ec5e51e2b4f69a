from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Account, Switch, User
from billing.balances.services import balances, profiles
from billing.lib.locks import hold
from billing.lib.reasons import Because
from billing.topups.models import Kind, Source, TopUp, TopUpReason, TopUpState
from billing.topups.queries.progress import StepTitle, doubtful, is_final, outcome, steps
from billing.topups.services import dead_senders, headroom
from billing.topups.services import sending as topup_sending
from billing.topups.services import states as topup_states
from billing.topups.services import transfers as topup_transfers
from billing.topups.services.doubt_resolution import resolve
from billing.topups.services.errors import KeyReused
from billing.topups.services.transfers import BalanceUnknown, NotBelow, NotCovered
from simulator.process import SimulatorProcess
from tests.support.factories import AccountFactory, SwitchFactory, UserFactory

pytestmark = pytest.mark.django_db

CHILD, AGENT = "A-20417", "R-100"


@pytest.fixture
def agent(switch: Switch, simulator: SimulatorProcess) -> Account:
    simulator.control.set_money(AGENT, Decimal(1000))
    simulator.control.set_money(CHILD, Decimal(10))
    return profiles.ensure(switch=switch, number=AGENT, now=timezone.now())


@pytest.fixture
def child(switch: Switch, agent: Account) -> Account:
    return profiles.ensure(switch=switch, number=CHILD, now=timezone.now())


@pytest.fixture
def by() -> User:
    return UserFactory.create()


def ask(child: Account, agent: Account, by: User, **changes: Any) -> TopUp:
    requested = {"amount": Decimal("50"), "key": "k1", "now": timezone.now(), "send_by_worker": False, **changes}
    return topup_transfers.request(account=child, payer=agent, by=by, besides_unsettled=True, **requested)


def money(simulator: SimulatorProcess) -> tuple[Decimal, Decimal]:
    return simulator.control.account(AGENT).money, simulator.control.account(CHILD).money


def sent(simulator: SimulatorProcess) -> list[tuple[str, Decimal]]:
    bodies = [request.body or {} for request in simulator.control.received("Pay")]
    return [(body["ownerName"], Decimal(str(body["money"]))) for body in bodies]


def test_a_transfer_debits_the_agent_and_then_credits_the_child(
    simulator: SimulatorProcess, agent: Account, child: Account, by: User
) -> None:
    credit = topup_sending.carry_out(topup_id=ask(child, agent, by).pk, now=timezone.now())
    assert outcome(credit) == TopUpState.CONFIRMED
    assert money(simulator) == (Decimal(950), Decimal(60))
    assert sent(simulator) == [(AGENT, Decimal(-50)), (CHILD, Decimal(50))]
    assert [step.state for step in steps(credit)] == ["done", "done", "done"]
    assert credit.balance_after == Decimal(60)


def test_the_confirmed_legs_tell_both_balances_to_the_portal(agent: Account, child: Account, by: User) -> None:
    topup_sending.carry_out(topup_id=ask(child, agent, by).pk, now=timezone.now())
    agent.refresh_from_db()
    child.refresh_from_db()
    assert (agent.balance, child.balance) == (Decimal(950), Decimal(60))


def test_the_credit_never_leaves_before_its_debit_is_confirmed(
    simulator: SimulatorProcess, agent: Account, child: Account, by: User
) -> None:
    credit, now = ask(child, agent, by), timezone.now()
    simulator.control.add_fault("Pay", "drop_after", count=1)
    topup_sending.carry_out(topup_id=credit.pk, now=now)
    topup_sending.send(topup_id=credit.pk, now=now)
    dead_senders.sweep(now=now + timedelta(minutes=20))
    credit = TopUp.objects.get(pk=credit.pk)
    assert (credit.state, outcome(credit)) == (TopUpState.REQUESTED, TopUpState.IN_DOUBT)
    assert len(sent(simulator)) == 1
    assert doubtful(child, most=2) == [credit.debit]
    assert doubtful(agent, most=2) == [credit.debit]
    assert [step.state for step in steps(credit)] == ["done", "now", "later"]

    later = now + timedelta(minutes=21)
    assert resolve(switch=agent.switch, now=later).confirmed == 1
    credit.refresh_from_db()
    assert credit.deadline > later  # its own time begins now
    dead_senders.sweep(now=later + timedelta(seconds=6))
    credit.refresh_from_db()
    assert credit.state == TopUpState.CONFIRMED
    assert money(simulator) == (Decimal(950), Decimal(60))


def test_a_refused_debit_refuses_the_credit_and_nothing_was_moved(
    simulator: SimulatorProcess, agent: Account, child: Account, by: User
) -> None:
    simulator.control.add_fault("Pay", "listed_code", count=1)
    credit = topup_sending.carry_out(topup_id=ask(child, agent, by).pk, now=timezone.now())
    assert outcome(credit) == TopUpState.REFUSED
    by_switch = Because(TopUpReason.REFUSED_BY_SWITCH, {"code": -10007})
    assert credit.why == Because(TopUpReason.NOT_DEBITED_SINCE, {"why": by_switch})
    assert len(sent(simulator)) == 1
    assert money(simulator) == (Decimal(1000), Decimal(10))
    assert [step.state for step in steps(credit)] == ["done", "failed", "failed"]


def test_a_refused_credit_is_given_back_once(
    simulator: SimulatorProcess, agent: Account, child: Account, by: User
) -> None:
    simulator.control.add_fault("Pay", "listed_code", count=1, after=1)
    now = timezone.now()
    credit = topup_sending.carry_out(topup_id=ask(child, agent, by).pk, now=now)
    for minute in (1, 2, 3):
        topup_sending.carry_out(topup_id=credit.pk, now=now)
        dead_senders.sweep(now=now + timedelta(minutes=minute))
    credit = TopUp.objects.get(pk=credit.pk)
    assert outcome(credit) == TopUpState.REFUSED
    assert is_final(credit)
    assert sent(simulator) == [(AGENT, Decimal(-50)), (CHILD, Decimal(50)), (AGENT, Decimal(50))]
    assert money(simulator) == (Decimal(1000), Decimal(10))
    assert [step.title for step in steps(credit)][-2:] == [StepTitle.NOT_CREDITED, StepTitle.GIVEN_BACK]
    memos = {(request.body or {})["memo"] for request in simulator.control.received("Pay")}
    assert len(memos) == 3


def test_a_credit_that_was_read_before_its_debit_was_confirmed_is_given_back_too(
    agent: Account, child: Account, by: User
) -> None:
    requested, now = ask(child, agent, by), timezone.now()
    # As a second worker reads both, while the first one sends the debit.
    credit = TopUp.objects.select_related("debit").get(pk=requested.pk)
    assert credit.debit is not None
    topup_sending.send(topup_id=credit.debit.pk, now=now)
    assert topup_states.move(topup=credit, to=TopUpState.SENDING, now=now, only_if=topup_states.sendable(), sent_at=now)
    assert topup_states.move(topup=credit, to=TopUpState.REFUSED, now=now)
    assert TopUp.objects.get(kind=Kind.GIVE_BACK).gives_back == credit.debit


def test_a_give_back_that_is_refused_stays_owed_until_it_is_there(
    simulator: SimulatorProcess, agent: Account, child: Account, by: User
) -> None:
    simulator.control.add_fault("Pay", "listed_code", count=4, after=1)
    now = timezone.now()
    credit = topup_sending.carry_out(topup_id=ask(child, agent, by).pk, now=now)
    assert not is_final(TopUp.objects.get(pk=credit.pk))
    for hour in range(1, 5):
        dead_senders.sweep(now=now + timedelta(days=hour))
    credit = TopUp.objects.get(pk=credit.pk)
    assert is_final(credit)
    assert [step.title for step in steps(credit)][-2:] == [StepTitle.NOT_CREDITED, StepTitle.GIVEN_BACK]
    assert TopUp.objects.filter(kind=Kind.GIVE_BACK, state=TopUpState.CONFIRMED).count() == 1
    assert money(simulator) == (Decimal(1000), Decimal(10))
    memos = [(request.body or {})["memo"] for request in simulator.control.received("Pay")]
    assert len(memos) == len(set(memos)) == 6


def test_a_credit_in_doubt_is_not_given_back_before_the_doubt_ends(
    simulator: SimulatorProcess, agent: Account, child: Account, by: User
) -> None:
    simulator.control.add_fault("Pay", "apply_later", count=1, after=1)
    now = timezone.now()
    credit = topup_sending.carry_out(topup_id=ask(child, agent, by).pk, now=now)
    dead_senders.sweep(now=now + timedelta(minutes=5))
    assert credit.state == TopUpState.IN_DOUBT
    assert not TopUp.objects.filter(kind=Kind.GIVE_BACK).exists()
    simulator.control.drain()
    resolve(switch=agent.switch, now=now + timedelta(minutes=6))
    credit.refresh_from_db()
    assert credit.state == TopUpState.CONFIRMED
    assert money(simulator) == (Decimal(950), Decimal(60))


def test_a_balance_that_does_not_cover_it_writes_nothing(
    simulator: SimulatorProcess, agent: Account, child: Account, by: User
) -> None:
    agent.refresh_from_db()
    assert agent.spendable is not None
    with pytest.raises(NotCovered):
        ask(child, agent, by, amount=agent.spendable + Decimal("0.000001"))
    assert not TopUp.objects.exists()
    assert sent(simulator) == []


def test_transfers_on_their_way_count_against_the_balance(agent: Account, child: Account, by: User) -> None:
    agent.refresh_from_db()
    assert agent.spendable is not None
    ask(child, agent, by, amount=agent.spendable - 20)
    with pytest.raises(NotCovered):
        ask(child, agent, by, amount=Decimal(21), key="k2")
    assert ask(child, agent, by, amount=Decimal(20), key="k3")


def test_a_balance_that_fell_meanwhile_stops_the_debit(
    simulator: SimulatorProcess, agent: Account, child: Account, by: User
) -> None:
    credit = ask(child, agent, by)
    simulator.control.set_money(AGENT, Decimal(-5000))
    credit = topup_sending.carry_out(topup_id=credit.pk, now=timezone.now() + timedelta(minutes=1))
    assert outcome(credit) == TopUpState.REFUSED
    assert sent(simulator) == []


def test_a_debit_waits_while_the_balance_cannot_be_read(
    simulator: SimulatorProcess, agent: Account, child: Account, by: User
) -> None:
    credit, later = ask(child, agent, by), timezone.now() + timedelta(minutes=1)
    simulator.control.add_fault("GetCustomer", "html_403")
    credit = topup_sending.carry_out(topup_id=credit.pk, now=later)
    assert outcome(credit) == TopUpState.REQUESTED
    assert sent(simulator) == []


def test_an_unknown_balance_pays_nothing(by: User) -> None:
    switch = SwitchFactory.create()
    agent = AccountFactory.create(switch=switch, balance=None, is_agent=True)
    with pytest.raises(BalanceUnknown):
        ask(AccountFactory.create(switch=switch, parent=agent), agent, by)


def test_only_accounts_below_the_agent_are_topped_up_from_it(agent: Account, by: User) -> None:
    for stranger in (agent, AccountFactory.create(switch=agent.switch), AccountFactory.create(parent=agent)):
        with pytest.raises(NotBelow):
            ask(stranger, agent, by)
    assert not TopUp.objects.exists()


def test_the_same_key_gives_the_same_transfer_even_when_nothing_is_left(
    simulator: SimulatorProcess, agent: Account, child: Account, by: User
) -> None:
    agent.refresh_from_db()
    assert agent.spendable is not None
    all_of_it = agent.spendable
    first = ask(child, agent, by, amount=all_of_it)
    assert ask(child, agent, by, amount=all_of_it) == first
    with pytest.raises(KeyReused):
        ask(child, agent, by, amount=Decimal(1))
    assert TopUp.objects.count() == 2


def test_a_check_says_what_the_request_would_say_and_writes_nothing(agent: Account, child: Account, by: User) -> None:
    requested: dict[str, Any] = {"account": child, "payer": agent, "by": by, "key": "k", "now": timezone.now()}
    topup_transfers.check(amount=Decimal(50), **requested)
    with pytest.raises(NotCovered):
        topup_transfers.check(amount=Decimal(9999), **requested)
    assert not TopUp.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_simultaneous_transfers_never_exceed_what_the_agent_has(
    simulator: SimulatorProcess, agent: Account, child: Account, by: User
) -> None:
    now = timezone.now()
    spendable = balances.current(account=agent, now=now).account.spendable
    assert spendable is not None
    share = (spendable / 4).quantize(Decimal("0.01"), rounding="ROUND_DOWN")

    def request(number: int) -> None:
        try:
            with contextlib.suppress(NotCovered):
                credit = ask(child, agent, by, amount=share, key=f"k{number}")
                topup_sending.carry_out(topup_id=credit.pk, now=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(request, range(16)))
    # While debits cross, one may count twice; a fresh balance lets all of it be given away, and no more.
    later = now + timedelta(minutes=1)
    dead_senders.sweep(now=later)
    for number in range(16, 20):
        with contextlib.suppress(NotCovered):
            topup_sending.carry_out(
                topup_id=ask(child, agent, by, amount=share, key=f"k{number}", now=later).pk, now=later
            )
    assert TopUp.objects.filter(kind=Kind.DEBIT, state=TopUpState.CONFIRMED).count() == 4
    assert not TopUp.objects.filter(state=TopUpState.REQUESTED).exists()
    ledger = simulator.control.account(AGENT)
    assert ledger.money + ledger.limit_money == spendable - 4 * share


@pytest.mark.django_db(transaction=True)
def test_one_form_sent_sixteen_times_at_once_moves_the_money_once(
    simulator: SimulatorProcess, agent: Account, child: Account, by: User
) -> None:
    def request(_: int) -> str:
        try:
            credit = ask(child, agent, by)
            return topup_sending.carry_out(topup_id=credit.pk, now=timezone.now()).reference
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as threads:
        references = set(threads.map(request, range(16)))
    assert len(references) == 1
    assert sorted(sent(simulator)) == [(CHILD, Decimal(50)), (AGENT, Decimal(-50))]
    assert money(simulator) == (Decimal(950), Decimal(60))


def test_credit_without_debit_leaves_the_agents_balance_alone(
    simulator: SimulatorProcess, agent: Account, child: Account, by: User
) -> None:
    agent.credit_without_debit = Decimal(100)
    agent.save()
    credit = topup_sending.carry_out(topup_id=ask(child, agent, by).pk, now=timezone.now())
    assert (credit.state, credit.source, credit.payer) == (TopUpState.CONFIRMED, Source.AGENT_CREDIT, agent)
    assert money(simulator) == (Decimal(1000), Decimal(60))
    assert sent(simulator) == [(CHILD, Decimal(50))]


def test_credit_without_debit_ends_at_the_days_limit_and_begins_again_at_the_switchs_midnight(by: User) -> None:
    switch = SwitchFactory.create(time_zone="Asia/Shanghai")
    agent = AccountFactory.create(switch=switch, credit_without_debit=Decimal(100), is_agent=True)
    child = AccountFactory.create(switch=switch, parent=agent)
    late = timezone.now().replace(hour=15, minute=59, second=59)  # 23:59:59 in Shanghai
    ask(child, agent, by, amount=Decimal(60), now=late)
    with pytest.raises(NotCovered, match="today"):
        ask(child, agent, by, amount=Decimal("40.000001"), key="k2", now=late)
    ask(child, agent, by, amount=Decimal(40), key="k3", now=late)
    assert headroom.left_for_today(agent=agent, now=late) == 0
    assert ask(child, agent, by, amount=Decimal(100), key="k4", now=late + timedelta(seconds=1))


def test_a_refused_credit_gives_its_part_of_the_days_limit_back(
    simulator: SimulatorProcess, agent: Account, child: Account, by: User
) -> None:
    agent.credit_without_debit = Decimal(50)
    agent.save()
    simulator.control.add_fault("Pay", "listed_code", count=1)
    topup_sending.carry_out(topup_id=ask(child, agent, by).pk, now=timezone.now())
    credit = topup_sending.carry_out(topup_id=ask(child, agent, by, key="k2").pk, now=timezone.now())
    assert credit.state == TopUpState.CONFIRMED


@pytest.mark.django_db(transaction=True)
def test_the_days_limit_holds_when_many_ask_at_once(by: User) -> None:
    switch = SwitchFactory.create()
    agent = AccountFactory.create(switch=switch, credit_without_debit=Decimal(100), is_agent=True)
    child = AccountFactory.create(switch=switch, parent=agent)

    def request(number: int) -> bool:
        try:
            return bool(ask(child, agent, by, amount=Decimal(30), key=f"k{number}"))
        except NotCovered:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(request, range(16))) == 3


def test_two_senders_at_once_do_not_keep_each_other_from_sending(
    simulator: SimulatorProcess, agent: Account, child: Account, by: User
) -> None:
    credit, later = ask(child, agent, by), timezone.now() + timedelta(minutes=1)
    with hold(f"balance:{agent.pk}", longest=timedelta(seconds=30)):
        waiting = topup_sending.carry_out(topup_id=credit.pk, now=later)
    assert (waiting.state, sent(simulator)) == (TopUpState.REQUESTED, [])
    assert TopUp.objects.get(kind=Kind.DEBIT).attempts == 0
    assert topup_sending.carry_out(topup_id=credit.pk, now=later).state == TopUpState.CONFIRMED
