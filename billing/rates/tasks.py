"""Reading the rates of a group, when a page needs them."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from billing.rates import services as rates
from billing.switches.services.budget import Work
from billing.switches.services.priority import doing


@shared_task(name=rates.READ_RATES.name)
def read_rates(group_id: int) -> None:
    with doing(Work.MONEY):
        rates.read(group_id=group_id, now=timezone.now())
