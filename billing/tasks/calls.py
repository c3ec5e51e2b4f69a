"""Fetching the days of calls that people wait for."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from accounts.models import Switch
from billing.services import backfilling
from billing.services.manners import background


@shared_task(name="billing.tasks.calls.fill")
def fill(switch_id: int) -> None:
    """One slot of the days that people wait for; the next one stands behind whatever is due by then."""
    with background():
        backfilling.run_slot(switch=Switch.objects.get(pk=switch_id), now=timezone.now())
