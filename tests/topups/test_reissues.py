from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import Account, Switch, User
from billing.balances.services import profiles
from billing.lib.reasons import Because
from billing.switches.models import SwitchFailure
from billing.topups.models import (
    Answer,
    Kind,
    Reissue,
    ReissueReason,
    RequestReason,
    Source,
    TopUp,
    TopUpState,
    TransferReason,
    Transition,
)
from billing.topups.queries.progress import StepTitle, issued_again, outcome, steps
from billing.topups.services import dead_senders, reissues
from billing.topups.services import decisions as topup_decisions
from billing.topups.services import sending as topup_sending
from billing.topups.services import transfers as topup_transfers
from billing.topups.services.reissues import ReissueRefused
from simulator.process import SimulatorProcess
from tests.support.factories import AccountFactory, TopUpFactory, UserFactory
from tests.support.refusals import refused

pytestmark = pytest.mark.django_db

CHILD, AGENT = "A-20417", "R-100"


def staff() -> User:
    user = UserFactory.create(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["change_topup", "reissue_topup"]))
    return User.objects.get(pk=user.pk)


@pytest.fixture
def decider(db: None) -> User:
    return staff()


@pytest.fixture
def first(db: None) -> User:
    return staff()


@pytest.fixture
def second(db: None) -> User:
    return staff()


@pytest.fixture
def agent(switch: Switch, simulator: SimulatorProcess) -> Account:
    simulator.control.set_money(AGENT, Decimal(1000))
    simulator.control.set_money(CHILD, Decimal(10))
    return profiles.ensure(switch=switch, number=AGENT, now=timezone.now())


@pytest.fixture
def child(switch: Switch, agent: Account) -> Account:
    return profiles.ensure(switch=switch, number=CHILD, now=timezone.now())


def money(simulator: SimulatorProcess) -> tuple[Decimal, Decimal]:
    return simulator.control.account(AGENT).money, simulator.control.account(CHILD).money


def not_applied(topup: TopUp, by: User) -> TopUp:
    """As a person decided, after a sending of which the switch knows nothing."""
    now = timezone.now()
    path = (TopUpState.REQUESTED, TopUpState.SENDING, TopUpState.IN_DOUBT, TopUpState.REVIEW)
    for before, after in pairwise(path):
        TopUp.objects.filter(pk=topup.pk).update(state=after, sent_at=now - timedelta(minutes=31))
        Transition.objects.create(topup=topup, from_state=before, to_state=after, at=now)
    topup.refresh_from_db()
    return topup_decisions.decide(topup=topup, verdict=TopUpState.NOT_APPLIED, by=by, why="Not there", now=now)


def credit(child: Account, decider: User, **changes: Any) -> TopUp:
    return not_applied(TopUpFactory.create(account=child, **changes), decider)


def ask(topup: TopUp, by: User) -> Reissue:
    return reissues.request(topup=topup, by=by, why="The customer still waits", now=timezone.now())


def approve(reissue: Reissue, by: User) -> TopUp:
    return reissues.approve(reissue=reissue, by=by, why="Looked on the switch", now=timezone.now())


def transfer(child: Account, agent: Account, by: User) -> TopUp:
    return topup_transfers.request(
        account=child, payer=agent, amount=Decimal(50), by=by, key="k1", now=timezone.now(), send_by_worker=False
    )


def test_what_was_not_applied_is_sent_again_under_a_new_reference(
    simulator: SimulatorProcess, child: Account, decider: User, first: User, second: User
) -> None:
    old = credit(child, decider)
    new = approve(ask(old, first), second)
    topup_sending.carry_out(topup_id=new.pk, now=timezone.now())
    new.refresh_from_db()
    assert (new.state, new.reissue_of, new.amount, new.requested_by) == (TopUpState.CONFIRMED, old, old.amount, first)
    assert new.reference != old.reference
    [pay] = simulator.control.received("Pay")
    assert pay.body is not None
    assert pay.body["memo"] == new.reference
    assert issued_again(TopUp.objects.get(pk=old.pk)) == new


def test_neither_who_asked_nor_who_decided_approves_it(child: Account, decider: User, first: User) -> None:
    reissue = ask(credit(child, decider), first)
    with refused(ReissueRefused, ReissueReason.REQUESTED_BY_YOU):
        approve(reissue, first)
    with refused(ReissueRefused, ReissueReason.DECIDED_BY_YOU):
        approve(reissue, decider)
    assert not TopUp.objects.filter(reissue_of__isnull=False).exists()


def test_the_database_holds_the_second_person_too(child: Account, decider: User, first: User) -> None:
    reissue, now = ask(credit(child, decider), first), timezone.now()
    for person in (first, decider, None):
        with pytest.raises(DatabaseError), transaction.atomic():
            Reissue.objects.filter(pk=reissue.pk).update(
                answer=Answer.APPROVED, answered_by=person, answered_at=now, answer_why="x"
            )
    with pytest.raises(DatabaseError), transaction.atomic():
        TopUpFactory.create(account=child, reissue_of=reissue.topup)


@pytest.mark.parametrize("change", [{"amount": Decimal(51)}, {"account": None}])
def test_the_database_lets_nothing_else_be_issued_in_its_place(
    child: Account, decider: User, first: User, second: User, change: dict[str, Any]
) -> None:
    old = credit(child, decider)
    reissue = ask(old, first)
    Reissue.objects.filter(pk=reissue.pk).update(
        answer=Answer.APPROVED, answered_by=second, answered_at=timezone.now(), answer_why="x"
    )
    body = {"account": child, "reissue_of": old, **change}
    body["account"] = body["account"] or AccountFactory.create()
    with pytest.raises(DatabaseError), transaction.atomic():
        TopUpFactory.create(**body)
    assert TopUpFactory.create(account=child, reissue_of=old)
    with pytest.raises(DatabaseError), transaction.atomic():
        TopUpFactory.create(account=child, reissue_of=old)


def test_an_answer_is_given_once_and_a_request_never_changes(
    child: Account, decider: User, first: User, second: User
) -> None:
    reissue = ask(credit(child, decider), first)
    reissues.decline(reissue=reissue, by=second, why="Paid by hand", now=timezone.now())
    for late in (
        lambda: approve(reissue, second),
        lambda: reissues.decline(reissue=reissue, by=first, why="x", now=timezone.now()),
    ):
        with refused(ReissueRefused, ReissueReason.JUST_ANSWERED):
            late()
    for change in ({"answer_why": "y"}, {"why": "y"}, {"answer": ""}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Reissue.objects.filter(pk=reissue.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        reissue.delete()


def test_it_is_asked_for_once_and_again_only_after_a_no(
    child: Account, decider: User, first: User, second: User
) -> None:
    old = credit(child, decider)
    reissue = ask(old, first)
    with refused(ReissueRefused, ReissueReason.ALREADY_REQUESTED):
        ask(old, second)
    reissues.decline(reissue=reissue, by=first, why="Withdrawn", now=timezone.now())
    approve(ask(old, first), second)
    with refused(ReissueRefused, ReissueReason.ALREADY_REQUESTED):
        ask(old, first)


@pytest.mark.parametrize("state", [state for state in TopUpState if state != TopUpState.NOT_APPLIED])
def test_only_what_a_person_found_not_applied_is_issued_again(state: TopUpState, first: User) -> None:
    ended = state in (TopUpState.CONFIRMED, TopUpState.REFUSED)
    topup = TopUpFactory.create(state=state, settled_at=timezone.now() if ended else None)
    with refused(ReissueRefused, ReissueReason.NOT_UNAPPLIED):
        ask(topup, first)
    with pytest.raises(DatabaseError), transaction.atomic():
        Reissue.objects.create(topup=topup, requested_by=first, requested_at=timezone.now(), why="x")


def test_staff_who_may_only_decide_neither_ask_nor_answer(child: Account, decider: User, first: User) -> None:
    old, stranger = credit(child, decider), UserFactory.create(is_staff=True)
    with pytest.raises(PermissionDenied):
        ask(old, stranger)
    reissue = ask(old, first)
    with pytest.raises(PermissionDenied):
        approve(reissue, stranger)
    with refused(ReissueRefused, ReissueReason.REASON_MISSING):
        reissues.decline(reissue=reissue, by=first, why=" ", now=timezone.now())


def test_what_came_to_light_meanwhile_is_not_sent_again(
    simulator: SimulatorProcess, child: Account, decider: User, first: User, second: User
) -> None:
    old = credit(child, decider)
    reissue = ask(old, first)
    simulator.control.pay(CHILD, Decimal(50), memo=old.reference)
    with refused(ReissueRefused, ReissueReason.LISTED):
        approve(reissue, second)
    assert [row["memo"] for look in old.lookups.all() for row in look.found] == [old.reference]
    reissue.refresh_from_db()
    assert reissue.answer == Answer.OPEN


def test_without_a_look_at_the_switch_nothing_is_sent_again(
    simulator: SimulatorProcess, child: Account, decider: User, first: User, second: User
) -> None:
    reissue = ask(credit(child, decider), first)
    simulator.control.add_fault("GetPayHistory", "drop_before")
    broken = Because(SwitchFailure.BROKEN)
    with refused(ReissueRefused, ReissueReason.NOT_LOOKED, why=broken):
        approve(reissue, second)
    assert not TopUp.objects.filter(reissue_of__isnull=False).exists()


@pytest.mark.django_db(transaction=True)
def test_eight_approvals_at_once_make_one_top_up(
    simulator: SimulatorProcess, child: Account, decider: User, first: User, second: User
) -> None:
    reissue = ask(credit(child, decider), first)

    def answer(_: int) -> bool:
        try:
            return bool(approve(Reissue.objects.get(pk=reissue.pk), second))
        except ReissueRefused:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(answer, range(8))) == 1
    assert TopUp.objects.filter(reissue_of=reissue.topup).count() == 1


def test_a_give_back_that_was_not_applied_is_given_back_after_all(
    simulator: SimulatorProcess, agent: Account, child: Account, decider: User, first: User, second: User
) -> None:
    simulator.control.add_fault("Pay", "listed_code", count=1, after=1)
    simulator.control.add_fault("Pay", "drop_before", count=1, after=1)
    now = timezone.now()
    requested = transfer(child, agent, first)
    topup_sending.carry_out(topup_id=requested.pk, now=now)
    owed = TopUp.objects.get(kind=Kind.GIVE_BACK)
    assert owed.state == TopUpState.IN_DOUBT
    TopUp.objects.filter(pk=owed.pk).update(state=TopUpState.REVIEW, sent_at=timezone.now() - timedelta(minutes=31))
    owed.refresh_from_db()
    topup_decisions.decide(topup=owed, verdict=TopUpState.NOT_APPLIED, by=decider, why="Not there", now=now)
    assert money(simulator) == (Decimal(950), Decimal(10))

    new = approve(ask(owed, first), second)
    topup_sending.carry_out(topup_id=new.pk, now=timezone.now())
    new.refresh_from_db()
    assert (new.kind, new.gives_back, new.state) == (Kind.GIVE_BACK, owed.gives_back, TopUpState.CONFIRMED)
    assert money(simulator) == (Decimal(1000), Decimal(10))
    requested.refresh_from_db()
    assert [step.title for step in steps(requested)][-1] == StepTitle.GIVEN_BACK


def test_a_transfers_credit_is_given_back_and_then_transferred_again(
    simulator: SimulatorProcess, agent: Account, child: Account, decider: User, first: User, second: User
) -> None:
    requested, now = transfer(child, agent, first), timezone.now()
    assert requested.debit is not None
    topup_sending.send(topup_id=requested.debit.pk, now=now)
    old = not_applied(TopUp.objects.get(pk=requested.pk), decider)
    new = approve(ask(old, first), second)
    dead_senders.sweep(now=now + timedelta(minutes=1))
    new.refresh_from_db()
    assert new.debit is not None
    assert (new.source, new.payer, outcome(new)) == (Source.TRANSFER, agent, TopUpState.CONFIRMED)
    assert TopUp.objects.get(kind=Kind.GIVE_BACK).state == TopUpState.CONFIRMED
    assert money(simulator) == (Decimal(950), Decimal(60))


def test_a_debit_that_was_not_applied_is_issued_again_with_its_credit(
    simulator: SimulatorProcess, agent: Account, child: Account, decider: User, first: User, second: User
) -> None:
    requested = transfer(child, agent, first)
    assert requested.debit is not None
    old = not_applied(requested.debit, decider)
    new = approve(ask(old, first), second)
    topup_sending.carry_out(topup_id=new.pk, now=timezone.now())
    new.refresh_from_db()
    assert new.debit is not None
    assert (outcome(new), new.reissue_of, new.debit.reissue_of) == (TopUpState.CONFIRMED, None, old)
    assert money(simulator) == (Decimal(950), Decimal(60))
    assert issued_again(TopUp.objects.get(pk=requested.pk)) == new


def test_a_transfer_that_the_agent_cannot_pay_any_more_stays_asked_for(
    simulator: SimulatorProcess, agent: Account, child: Account, decider: User, first: User, second: User
) -> None:
    requested = transfer(child, agent, first)
    assert requested.debit is not None
    reissue = ask(not_applied(requested.debit, decider), first)
    simulator.control.set_money(AGENT, Decimal(-5000))
    Account.objects.filter(pk=agent.pk).update(balance_at=None)
    with refused(ReissueRefused, TransferReason.NOT_COVERED):
        approve(reissue, second)
    reissue.refresh_from_db()
    assert reissue.answer == Answer.OPEN


def test_a_limit_of_the_day_is_told_of_as_of_whom_it_is(
    child: Account, decider: User, first: User, second: User
) -> None:
    reissue = ask(credit(child, decider), first)
    Switch.objects.update(daily_limit_per_user=Decimal(1))
    with refused(ReissueRefused, RequestReason.PERSON_LIMIT_OF, person=first.email):
        approve(reissue, second)


def test_when_the_agents_way_of_paying_has_changed_it_is_not_issued_again(
    agent: Account, child: Account, decider: User, first: User, second: User
) -> None:
    requested = transfer(child, agent, first)
    assert requested.debit is not None
    reissue = ask(not_applied(requested.debit, decider), first)
    Account.objects.filter(pk=agent.pk).update(credit_without_debit=100)
    with refused(ReissueRefused, ReissueReason.PAID_OTHERWISE_NOW):
        approve(reissue, second)


def test_an_agents_credit_without_debit_is_issued_again_as_one(
    simulator: SimulatorProcess, agent: Account, child: Account, decider: User, first: User, second: User
) -> None:
    Account.objects.filter(pk=agent.pk).update(credit_without_debit=100)
    old = not_applied(transfer(child, Account.objects.get(pk=agent.pk), first), decider)
    new = approve(ask(old, first), second)
    topup_sending.carry_out(topup_id=new.pk, now=timezone.now())
    assert (new.source, new.payer, new.reissue_of) == (Source.AGENT_CREDIT, agent, old)
    assert money(simulator) == (Decimal(1000), Decimal(60))
