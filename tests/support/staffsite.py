"""An account with a row of everything, and people at the staff site."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from django.contrib.auth.models import Group
from django.db.models import Model
from django.urls import reverse

from accounts.models import Account, AuditAction, AuditEntry, Note, User
from billing.balances.models import Case, Reconciliation, Stream, SyncMark
from billing.batches.models import Batch, BatchRow, RowReason
from billing.calls.models import Backfill, CallChange, ChangeOfRecord, RecordFault, ReportCalendar, UnreadableRecord
from billing.calls.services import partitions
from billing.jobs.models import JobRun
from billing.lib.reasons import Because
from billing.members import services as members
from billing.switches.models import AnswerFault, UnusableAnswer
from billing.topups.models import TopUp, TopUpState, Transition
from tests.support.factories import (
    NOON,
    AccountFactory,
    CallDayFactory,
    CallFactory,
    CardPaymentFactory,
    ChargeFactory,
    CustomerChangeFactory,
    ExportFactory,
    InvitationFactory,
    MembershipFactory,
    PaymentFactory,
    TopUpFactory,
    UserFactory,
)


def full_account() -> Account:
    """An account with a row of everything that is kept of one."""
    account: Account = AccountFactory.create(number="A-20417")
    partitions.ensure([NOON.date()])
    CallFactory.create(account=account, callee="8613912345678")
    CallDayFactory.create(account=account)
    day, by = NOON.date(), UserFactory.create()
    Backfill.objects.create(account=account, first=day, last=day, asked_by=by, asked_at=NOON, progressed_at=NOON)
    changed = {"flow_no": 7, "fee": -1, "agent_fee": 0, "kind": ChangeOfRecord.GONE}
    CallChange.objects.create(account=account, ended_at=NOON, noticed_at=NOON, **changed)
    fault = Because(RecordFault.MALFORMED, {"error": "not a record"})
    days = {"evidence_days": 3, "evidence_first": NOON.date(), "evidence_last": NOON.date(), "decided_at": NOON}
    ReportCalendar.objects.create(account=account, offsets=[timedelta(hours=8)], is_stated=True, **days)
    UnreadableRecord.objects.create(account=account, day=NOON.date(), reason=fault, noticed_at=NOON)
    PaymentFactory.create(account=account)
    ChargeFactory.create(account=account)
    MembershipFactory.create(account=account)
    InvitationFactory.create(account=account)
    members.place_phrase(account=account, now=NOON)
    in_review(account)
    CardPaymentFactory.create(account=account, state="paid", paid_at=NOON)
    CustomerChangeFactory.create(account=account)
    ExportFactory.create(account=account)
    batch = Batch.objects.create(
        agent=account, uploaded_by=UserFactory.create(), uploaded_at=NOON, file_name="november.csv", digest="d" * 64
    )
    unpaid = Because(RowReason.NO_CUSTOMER, {"account": "A-20418"})
    BatchRow.objects.create(batch=batch, line=1, account_text="A-20418", amount_text="x", problem=unpaid)
    SyncMark.objects.create(account=account, stream=Stream.CHARGES, complete_from=NOON, complete_until=NOON)
    figures = dict.fromkeys(("opening", "payments", "calls", "agent_fees", "charges", "difference", "closing"), 0)
    Reconciliation.objects.create(account=account, day=NOON.date(), computed_at=NOON, **figures)
    Case.objects.create(account=account, begins_at=NOON, ends_at=NOON, difference=Decimal("-4.2"), opened_at=NOON)
    JobRun.objects.create(job="balances", slot=NOON, started_at=NOON, succeeded=False, detail="no answer")
    held = {"since": NOON, "tried_at": NOON, "next_try_at": NOON}
    why = Because(AnswerFault.NOT_UTF8, {"field": "name"})
    about = {"switch": account.switch, "operation": "GetCustomer", "number": account.number, "why": why}
    UnusableAnswer.objects.create(account=account, **about, **held)
    Note.objects.create(account=account, by=UserFactory.create(), at=NOON, text="Calls back on Monday.")
    AuditEntry.objects.create(at=NOON, role="support", account=account, action=AuditAction.LOOKED, text="/a/x/")
    return account


def in_review(account: Account) -> TopUp:
    topup: TopUp = TopUpFactory.create(account=account)
    Transition.objects.create(topup=topup, to_state=TopUpState.REQUESTED, at=NOON)
    path = (TopUpState.REQUESTED, TopUpState.SENDING, TopUpState.IN_DOUBT, TopUpState.REVIEW)
    for before, after in pairwise(path):
        TopUp.objects.filter(pk=topup.pk).update(state=after, sent_at=NOON)
        Transition.objects.create(topup=topup, from_state=before, to_state=after, at=NOON)
    topup.refresh_from_db()
    return topup


def superuser() -> User:
    user: User = UserFactory.create(is_staff=True, is_superuser=True)
    return user


def staff(*groups: str) -> User:
    user: User = UserFactory.create(is_staff=True)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


def list_of(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist")


def page_of(row: Model) -> str:
    return reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])
