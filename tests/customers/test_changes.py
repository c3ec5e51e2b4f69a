"""What a reseller asks to be done with its customers, over the real simulator."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
from django.core import mail
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import Account, AuditAction, AuditEntry, Invitation, Role, Switch, User
from billing.balances.services import profiles
from billing.customers.models import ChangeReason, ChangeState, CustomerChange
from billing.customers.services import changes, invitations, sending
from billing.customers.services.changes import KeyReused, NotAllowed, NumberTaken, OverdraftTooLarge, UnderWay
from simulator.process import SimulatorProcess
from tests.support.factories import AccountFactory, MembershipFactory

pytestmark = pytest.mark.django_db
CHILD, AGENT = "A-20417", "R-100"
GRANTS = ("may_open_customers", "may_lock_customers", "may_set_overdrafts")


@pytest.fixture
def agent(switch: Switch) -> Account:
    """Its own overdraft is 500; its customers have 50 and 10 of it."""
    agent = profiles.ensure(switch=switch, number=AGENT, now=timezone.now())
    profiles.refresh_children(agent=agent, now=timezone.now())
    Account.objects.filter(pk=agent.pk).update(**dict.fromkeys(GRANTS, True))
    agent.refresh_from_db()
    return agent


@pytest.fixture
def child(agent: Account) -> Account:
    return Account.objects.get(number=CHILD)


@pytest.fixture
def by(agent: Account) -> User:
    user: User = MembershipFactory.create(account=agent).user
    return user


def carry_out(change: CustomerChange, *, after: timedelta = timedelta(0)) -> CustomerChange:
    return sending.carry_out(change_id=change.pk, now=timezone.now() + after)


def look_until_settled(change: CustomerChange) -> CustomerChange:
    for minutes in (1, 2, 31, 32):
        change = carry_out(change, after=timedelta(minutes=minutes))
    return change


def lock(child: Account, by: User, *, locked: bool = True, key: str = "k") -> CustomerChange:
    assert child.parent is not None
    return changes.set_lock(
        account=child, agent=child.parent, locked=locked, by=by, key=key, now=timezone.now(), hand_over=False
    )


def overdraft(child: Account, by: User, amount: str, *, key: str = "k") -> CustomerChange:
    assert child.parent is not None
    return changes.set_overdraft(
        account=child,
        agent=child.parent,
        overdraft=Decimal(amount),
        by=by,
        key=key,
        now=timezone.now(),
        hand_over=False,
    )


def opening(agent: Account, by: User, **others: Any) -> CustomerChange:
    terms = {"number": "N-1", "name": "New Shop", "overdraft": Decimal(0), "rate_group": "Retail", "email": ""}
    return changes.open_account(
        agent=agent, by=by, now=timezone.now(), hand_over=False, **{"key": "k", **terms, **others}
    )


def sent(simulator: SimulatorProcess, operation: str) -> int:
    return len(simulator.control.received(operation))


def is_locked(account: Account) -> bool:
    return Account.objects.get(pk=account.pk).is_locked


def test_an_account_is_locked_and_unlocked(child: Account, by: User, simulator: SimulatorProcess) -> None:
    assert carry_out(lock(child, by)).state == ChangeState.DONE
    assert is_locked(child)
    assert carry_out(lock(child, by, locked=False, key="k2")).state == ChangeState.DONE
    assert not is_locked(child)
    assert [request.body for request in simulator.control.received("ModifyCustomer")] == [
        {"account": CHILD, "lockType": 1},
        {"account": CHILD, "lockType": 0},
    ]


def test_what_is_so_already_is_not_sent(child: Account, by: User, simulator: SimulatorProcess) -> None:
    change = carry_out(lock(child, by, locked=False))
    assert (change.state, change.reason) == (ChangeState.DONE, ChangeReason.ALREADY_SO)
    assert sent(simulator, "ModifyCustomer") == 0


def test_the_same_form_is_one_change_and_another_body_is_refused(child: Account, by: User) -> None:
    assert lock(child, by) == lock(child, by)
    with pytest.raises(KeyReused):
        lock(child, by, locked=False)


def test_one_change_of_an_account_at_a_time(child: Account, by: User) -> None:
    lock(child, by)
    with pytest.raises(UnderWay):
        overdraft(child, by, "5", key="another")


def test_every_change_is_on_record(child: Account, agent: Account, by: User) -> None:
    change = carry_out(lock(child, by))
    entries = AuditEntry.objects.filter(account=child, subject_id=str(change.pk), user=by, via=agent)
    assert list(entries.order_by("id").values_list("action", flat=True)) == [AuditAction.REQUESTED, AuditAction.CHANGED]


def test_an_overdraft_may_reach_what_the_agents_own_leaves(child: Account, by: User) -> None:
    with pytest.raises(OverdraftTooLarge, match="440 USD"):
        overdraft(child, by, "440.01")
    assert carry_out(overdraft(child, by, "440")).state == ChangeState.DONE
    child.refresh_from_db()
    assert child.overdraft == 440


def test_what_is_asked_for_and_not_settled_counts_too(child: Account, agent: Account, by: User) -> None:
    overdraft(child, by, "400")
    other = Account.objects.get(number="A-20419")
    with pytest.raises(OverdraftTooLarge, match="40 USD"):
        overdraft(other, by, "41", key="k2")
    opening(agent, by, overdraft=Decimal(40), key="k3")


def test_an_overdraft_can_always_be_lowered(child: Account, agent: Account, by: User) -> None:
    Account.objects.filter(number="A-20418").update(overdraft=300)
    Account.objects.filter(pk=agent.pk).update(overdraft=10)
    other = Account.objects.get(number="A-20418")
    overdraft(other, by, "299")


def test_the_switch_is_asked_for_all_overdrafts_before_one_is_raised(
    child: Account, by: User, simulator: SimulatorProcess
) -> None:
    """Here they are old: the operator has lowered the agent's own since."""
    change = overdraft(child, by, "440")
    simulator.control.clear_faults()
    modify(simulator, {"account": AGENT, "limitMoney": 100.0})
    change = carry_out(change)
    assert change.state == ChangeState.REFUSED
    assert "40 USD" in change.why
    assert sent(simulator, "ModifyCustomer") == 1


def test_who_left_the_agent_on_the_switch_is_not_touched(child: Account, by: User, simulator: SimulatorProcess) -> None:
    change = lock(child, by)
    modify(simulator, {"account": CHILD, "agentAccount": "R-200"})
    change = carry_out(change)
    assert (change.state, change.reason) == (ChangeState.REFUSED, ChangeReason.LEFT_THE_AGENT)
    assert sent(simulator, "ModifyCustomer") == 1


@pytest.mark.parametrize("grant", GRANTS)
def test_what_the_operator_does_not_let_is_refused_even_on_the_way(
    agent: Account, child: Account, by: User, grant: str, simulator: SimulatorProcess
) -> None:
    def ask(key: str) -> CustomerChange:
        if grant == "may_open_customers":
            return opening(agent, by, key=key)
        return lock(child, by, key=key) if grant == "may_lock_customers" else overdraft(child, by, "5", key=key)

    change = ask("k1")
    Account.objects.filter(pk=agent.pk).update(**{grant: False})
    assert carry_out(change).state == ChangeState.REFUSED
    assert sent(simulator, "ModifyCustomer") + sent(simulator, "CreateCustomer") == 0
    with pytest.raises(NotAllowed):
        ask("k2")


def test_no_account_is_below_an_agent_further_up(child: Account, by: User, switch: Switch) -> None:
    above = AccountFactory.create(switch=switch, is_agent=True, **dict.fromkeys(GRANTS, True))
    with pytest.raises(NotAllowed):
        changes.set_lock(account=child, agent=above, locked=True, by=by, key="k", now=timezone.now(), hand_over=False)


def test_an_account_is_opened_below_the_agent_and_its_owner_invited(
    agent: Account, by: User, simulator: SimulatorProcess
) -> None:
    change = carry_out(opening(agent, by, overdraft=Decimal(20), email="new@example.com"))
    account = Account.objects.get(number="N-1")
    assert (change.state, change.account, account.parent) == (ChangeState.DONE, account, agent)
    assert (account.name, account.overdraft, account.rate_group) == ("New Shop", Decimal(20), "Retail")
    assert invitations.send_due(now=timezone.now() + timedelta(seconds=5)) == 1
    invitation = Invitation.objects.get(account=account)
    assert (invitation.email, invitation.role, invitation.invited_by) == ("new@example.com", Role.OWNER, by)
    assert mail.outbox[0].to == ["new@example.com"]
    assert invitations.send_due(now=timezone.now() + timedelta(hours=1)) == 0
    assert sent(simulator, "CreateCustomer") == 1


def test_a_number_that_is_known_here_is_taken(agent: Account, by: User) -> None:
    with pytest.raises(NumberTaken):
        opening(agent, by, number=CHILD)


def test_a_number_that_the_switch_alone_knows_is_taken(agent: Account, by: User, simulator: SimulatorProcess) -> None:
    change = carry_out(opening(agent, by, number="R-210"))
    assert (change.state, change.reason) == (ChangeState.REFUSED, ChangeReason.TAKEN_ON_SWITCH)
    assert sent(simulator, "CreateCustomer") == 0
    # Whose it is stays unknown here.
    assert not Account.objects.filter(number="R-210").exists()


ENDS = [
    ("drop_before", ChangeState.REFUSED),
    ("drop_after", ChangeState.DONE),
    ("empty_after", ChangeState.DONE),
    ("unlisted_code", ChangeState.REFUSED),
    ("late_code_after", ChangeState.DONE),
]


@pytest.mark.parametrize(("fault", "end"), ENDS)
def test_what_is_in_doubt_is_settled_by_looking(
    child: Account, by: User, simulator: SimulatorProcess, fault: str, end: ChangeState
) -> None:
    simulator.control.add_fault("ModifyCustomer", fault, count=1, seconds=0.1)
    change = carry_out(lock(child, by))
    assert change.state == ChangeState.IN_DOUBT
    with pytest.raises(UnderWay):
        lock(child, by, key="again")
    change = look_until_settled(change)
    assert change.state == end
    assert sent(simulator, "ModifyCustomer") == 1
    assert is_locked(child) is (end == ChangeState.DONE)


@pytest.mark.parametrize(("fault", "end"), ENDS)
def test_an_opening_in_doubt_is_never_sent_again(
    agent: Account, by: User, simulator: SimulatorProcess, fault: str, end: ChangeState
) -> None:
    simulator.control.add_fault("CreateCustomer", fault, count=1, seconds=0.1)
    change = carry_out(opening(agent, by))
    assert change.state == ChangeState.IN_DOUBT
    assert look_until_settled(change).state == end
    assert sent(simulator, "CreateCustomer") == 1
    assert Account.objects.filter(number="N-1", parent=agent).exists() is (end == ChangeState.DONE)


def test_a_sure_refusal_ends_it(child: Account, by: User, simulator: SimulatorProcess) -> None:
    simulator.control.add_fault("ModifyCustomer", "listed_code", count=1)
    change = carry_out(lock(child, by))
    assert (change.state, change.why) == (ChangeState.REFUSED, "The switch refused it with code -10007.")


def test_a_switch_that_cannot_be_reached_is_tried_until_the_deadline(
    child: Account, by: User, switch: Switch, simulator: SimulatorProcess
) -> None:
    change = lock(child, by)
    Switch.objects.filter(pk=switch.pk).update(url="http://127.0.0.1:9")
    change = carry_out(change)
    assert (change.state, change.reason) == (ChangeState.REQUESTED, ChangeReason.NOT_YET)
    change = carry_out(change, after=timedelta(minutes=11))
    assert (change.state, change.reason) == (ChangeState.REFUSED, ChangeReason.NOT_REACHED)
    assert sent(simulator, "ModifyCustomer") == 0


def test_a_sender_that_died_leaves_doubt_which_the_sweep_settles(
    child: Account, by: User, simulator: SimulatorProcess
) -> None:
    change = lock(child, by)
    died_at = timezone.now()
    CustomerChange.objects.filter(pk=change.pk).update(state=ChangeState.SENDING, sent_at=died_at)
    modify(simulator, {"account": CHILD, "lockType": 1})
    sending.sweep(now=died_at + timedelta(seconds=59))
    assert CustomerChange.objects.get().state == ChangeState.SENDING
    sending.sweep(now=died_at + timedelta(seconds=61))
    assert CustomerChange.objects.get().state == ChangeState.DONE
    assert sent(simulator, "ModifyCustomer") == 1


def test_a_lost_hand_over_is_swept(child: Account, by: User) -> None:
    lock(child, by)
    sending.sweep(now=timezone.now() + timedelta(seconds=6))
    assert CustomerChange.objects.get().state == ChangeState.DONE


def test_the_database_holds_what_was_asked_for(child: Account, by: User) -> None:
    change = lock(child, by)
    broken: list[dict[str, Any]] = [{"number": "X"}, {"key": "x"}, {"state": "in_doubt"}]
    for fields in broken:
        with pytest.raises(DatabaseError), transaction.atomic():
            CustomerChange.objects.filter(pk=change.pk).update(**fields)
    with pytest.raises(DatabaseError), transaction.atomic():
        CustomerChange.objects.filter(pk=change.pk).delete()


def modify(simulator: SimulatorProcess, body: dict[str, Any]) -> None:
    """What the operator does on the switch itself."""
    answer = requests.post(f"{simulator.url}/external/server/ModifyCustomer", json=body, timeout=5)
    assert answer.json()["retCode"] == 0
