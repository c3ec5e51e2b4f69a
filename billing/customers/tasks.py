"""Changes customers on the switch, and invites those of new accounts. Every task may run twice, or beside itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from celery import shared_task
from django.utils import timezone

from billing.customers.services import changes, invitations, sending
from billing.jobs.services.periodic import periodic


@shared_task(name=changes.CARRY_OUT.name)
def carry_out_change(change_id: int) -> None:
    sending.carry_out(change_id=change_id, now=timezone.now())


@periodic(job="changes of customers", every=timedelta(seconds=5), queue="money")
def sweep_changes(*, now: datetime) -> object:
    return f"{sending.sweep(now=now)} changes"


@periodic(job="invitations to opened accounts", every=timedelta(seconds=10), queue="default")
def invite_to_opened(*, now: datetime) -> object:
    return f"{invitations.send_due(now=now)} mailed"
