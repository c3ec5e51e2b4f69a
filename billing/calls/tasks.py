"""Work off the request path: fetching the days of calls that people wait for."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from accounts.models import Switch
from billing.calls.services import backfill_worker, backfills
from billing.switches.services.budget import Work
from billing.switches.services.priority import doing


@shared_task(name=backfills.RUN_BACKFILL.name)
def run_backfill(switch_id: int) -> None:
    """Fetch for one slot; the next slot waits behind other work that is due by then."""
    with doing(Work.BACK_FILL):
        backfill_worker.run_slot(switch=Switch.objects.get(pk=switch_id), now=timezone.now())
