"""Rows of a batch that end in an unusual way: issued again by two people, or given up."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Account, Membership, Role, Switch, User
from billing.balances.services import profiles
from billing.batches.models import Batch, BatchRow, BatchState, RowReason
from billing.batches.queries import RowOutcome, latest, progress, rows
from billing.batches.services import batches
from billing.batches.services import worker as batch_worker
from billing.batches.services.worker import MOST_FAILURES
from billing.lib.reasons import Because
from billing.topups.models import Kind, TopUp, TopUpState, Transition
from billing.topups.services import decisions as topup_decisions
from billing.topups.services import reissues
from billing.topups.services import sending as topup_sending
from billing.topups.services import transfers as topup_transfers
from simulator.process import SimulatorProcess
from tests.support.factories import MembershipFactory
from tests.support.staffsite import staff

pytestmark = pytest.mark.django_db

AGENT = "R-100"


@pytest.fixture
def batch(switch: Switch, simulator: SimulatorProcess) -> Batch:
    """Confirmed, with two rows."""
    simulator.control.set_money(AGENT, Decimal(1000))
    now = timezone.now()
    agent, *_ = [profiles.ensure(switch=switch, number=number, now=now) for number in (AGENT, "A-20417", "A-20418")]
    by = MembershipFactory.create(account=agent, role=Role.OWNER).user
    content = b"A-20417,10\nA-20418,20\n"
    uploaded = batches.upload(agent=agent, by=by, file_name="november.csv", content=content, now=now).batch
    return batches.confirm(batch=uploaded, by=by, key=uploaded.key, sure=False, now=now)


def carry_out(batch: Batch) -> None:
    while Batch.objects.get(pk=batch.pk).state == BatchState.CONFIRMED:
        batch_worker.carry_on(batch_id=batch.pk, now=timezone.now())
    for topup in TopUp.objects.filter(kind=Kind.CREDIT, state=TopUpState.REQUESTED).order_by("pk"):
        topup_sending.carry_out(topup_id=topup.pk, now=timezone.now())


def not_applied(topup: TopUp, by: User) -> TopUp:
    """As a member of staff decided, after a sending of which the switch knows nothing."""
    now = timezone.now()
    for before, after in pairwise((TopUpState.REQUESTED, TopUpState.SENDING, TopUpState.IN_DOUBT, TopUpState.REVIEW)):
        TopUp.objects.filter(pk=topup.pk).update(state=after, sent_at=now - timedelta(minutes=31))
        Transition.objects.create(topup=topup, from_state=before, to_state=after, at=now)
    topup.refresh_from_db()
    return topup_decisions.decide(topup=topup, verdict=TopUpState.NOT_APPLIED, by=by, why="Not there", now=now)


def issue_again(topup: TopUp) -> TopUp:
    now = timezone.now()
    asked = reissues.request(topup=topup, by=staff("billing"), why="The customer waits", now=now)
    return reissues.approve(reissue=asked, by=staff("billing"), why="Looked", now=now)


def outcomes(batch: Batch) -> list[RowOutcome]:
    return [row.outcome for row in rows(batch=Batch.objects.get(pk=batch.pk))]


def first_debit(batch: Batch) -> TopUp:
    topup = batch.rows.order_by("line")[0].topup
    assert topup is not None
    assert topup.debit is not None
    return topup.debit


def test_a_row_that_was_issued_again_shows_what_became_of_that(batch: Batch) -> None:
    batch_worker.carry_on(batch_id=batch.pk, now=timezone.now())
    again = issue_again(not_applied(first_debit(batch), staff("billing")))
    assert outcomes(batch)[0] == RowOutcome.SENDING
    carry_out(batch)
    assert outcomes(batch) == [RowOutcome.PAID, RowOutcome.PAID]
    done = Batch.objects.get(pk=batch.pk)
    row = rows(batch=done)[0]
    assert (row.topup, row.why) == (again, None)
    assert progress(done).part(RowOutcome.PAID).amount == Decimal(30)
    [listed] = latest(agent=batch.agent)
    assert (listed.lines, listed.paid, listed.paid_amount) == (2, 2, Decimal(30))  # type: ignore[attr-defined]  # annotations


def test_a_row_that_was_issued_again_twice_shows_the_last(batch: Batch) -> None:
    batch_worker.carry_on(batch_id=batch.pk, now=timezone.now())
    second = issue_again(not_applied(first_debit(batch), staff("billing")))
    assert second.debit is not None
    again = not_applied(second.debit, staff("billing"))
    assert outcomes(batch)[0] == RowOutcome.UNPAID
    issue_again(again)
    carry_out(batch)
    assert outcomes(batch) == [RowOutcome.PAID, RowOutcome.PAID]


def test_a_row_that_keeps_failing_is_given_up_and_its_batch_ends(
    batch: Batch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    request = topup_transfers.request

    def fail_for_one(*, account: Account, **requested: Any) -> TopUp:
        if account.number == "A-20417":
            raise RuntimeError("an error of ours")
        return request(account=account, **requested)

    monkeypatch.setattr(topup_transfers, "request", fail_for_one)
    now = timezone.now()
    for tried in range(MOST_FAILURES):
        assert Batch.objects.get(pk=batch.pk).state == BatchState.CONFIRMED
        batch_worker.carry_on(batch_id=batch.pk, now=now + timedelta(minutes=tried))
    batch_worker.carry_on(batch_id=batch.pk, now=now + timedelta(hours=1))
    done = Batch.objects.get(pk=batch.pk)
    row = BatchRow.objects.get(batch=batch, account__number="A-20417")
    assert (done.state, row.failures, row.topup) == (BatchState.DONE, MOST_FAILURES, None)
    assert row.problem == Because(RowReason.GIVEN_UP)
    assert "is given up" in caplog.text
    carry_out(batch)
    assert outcomes(batch) == [RowOutcome.UNPAID, RowOutcome.PAID]


@pytest.mark.parametrize("lost", ["the account", "the role", "the login"])
def test_what_a_person_confirmed_who_may_no_longer_pay_is_not_sent(
    batch: Batch, simulator: SimulatorProcess, lost: str
) -> None:
    assert batch.confirmed_by is not None
    membership = Membership.objects.filter(user=batch.confirmed_by)
    # Another person stays an owner.
    MembershipFactory.create(account=batch.agent, role=Role.OWNER)
    if lost == "the account":
        membership.delete()
    elif lost == "the role":
        membership.update(role=Role.VIEWER)
    else:
        User.objects.filter(pk=batch.confirmed_by.pk).update(is_active=False)
    carry_out(batch)
    batch.refresh_from_db()
    assert batch.state == BatchState.DONE
    figures = {"person": batch.confirmed_by.get_full_name(), "account": AGENT}
    assert [row.problem for row in batch.rows.all()] == [Because(RowReason.MAY_NO_LONGER_PAY, figures)] * 2
    assert not simulator.control.received("Pay")
