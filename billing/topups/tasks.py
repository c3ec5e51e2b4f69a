"""Sending top-ups, ending doubt about them, and the mails about them. Every task may run twice, or beside itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from celery import shared_task
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Switch
from billing.jobs.services.periodic import for_each_switch, periodic
from billing.switches.services.budget import Work
from billing.topups.models import TopUpState
from billing.topups.services import dead_senders, doubt_resolution, receipt_mails, requests, sending


@shared_task(name=requests.SEND_TOPUP.name)
def send_topup(topup_id: int) -> None:
    sending.carry_out(topup_id=topup_id, now=timezone.now())


@periodic(job="top-ups to send", every=timedelta(seconds=5), queue="money")
def sweep_topups(*, now: datetime) -> object:
    return dead_senders.sweep(now=now)


def switches_in_doubt() -> QuerySet[Switch]:
    """The switches that have a top-up whose outcome is not known."""
    return Switch.objects.filter(accounts__topups__state=TopUpState.IN_DOUBT).distinct()


@for_each_switch(
    job="top-ups in doubt", every=timedelta(seconds=10), queue="money", switches=switches_in_doubt, share=Work.PEOPLE
)
def resolve_doubt(*, switch: Switch, now: datetime) -> object:
    return doubt_resolution.resolve(switch=switch, now=now)


@periodic(job="receipts", every=timedelta(seconds=10), queue="default")
def send_receipts(*, now: datetime) -> object:
    return receipt_mails.send_due(now=now)
