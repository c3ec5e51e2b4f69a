"""Reading the rates of a group, when a page needs them."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from billing.services import rates
from billing.services.manners import background


@shared_task(name=rates.TASK)
def read_rates(group_id: int) -> None:
    with background():
        rates.read(group_id=group_id, now=timezone.now())
