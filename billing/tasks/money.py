"""The `money` queue. Every task may run twice, or late, or beside itself."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from accounts.models import Switch
from billing.models import TopUpState
from billing.services import batch_carrying, customer_sending, jobs, online_sweeping, sending, sweeping, topups

logger = logging.getLogger(__name__)

SWEEP_EVERY = timedelta(seconds=5)
LOOK_EVERY = timedelta(seconds=10)
ASK_EVERY = timedelta(seconds=30)

MONEY_SCHEDULE: dict[str, dict[str, Any]] = {
    "sweep top-ups": {
        "task": "billing.tasks.money.sweep",
        "schedule": SWEEP_EVERY,
        "options": {"queue": "money", "expires": SWEEP_EVERY.total_seconds()},
    },
    "sweep batches": {
        "task": "billing.tasks.money.sweep_batches",
        "schedule": SWEEP_EVERY,
        "options": {"queue": "money", "expires": SWEEP_EVERY.total_seconds()},
    },
    "sweep changes of customers": {
        "task": "billing.tasks.money.sweep_changes",
        "schedule": SWEEP_EVERY,
        "options": {"queue": "money", "expires": SWEEP_EVERY.total_seconds()},
    },
    "resolve doubt": {
        "task": "billing.tasks.money.resolve_doubt",
        "schedule": LOOK_EVERY,
        "options": {"queue": "money", "expires": LOOK_EVERY.total_seconds()},
    },
    # A payment provider may be slow, and sending must not wait for it.
    "ask about online payments": {
        "task": "billing.tasks.money.sweep_online",
        "schedule": ASK_EVERY,
        "options": {"queue": "default", "expires": ASK_EVERY.total_seconds()},
    },
}


@shared_task(name="billing.tasks.money.send_topup")
def send_topup(topup_id: int) -> None:
    sending.carry_out(topup_id=topup_id, now=timezone.now())


@shared_task(name="billing.tasks.money.sweep")
def sweep() -> None:
    now = timezone.now()
    jobs.run_once(job="sweep", period=SWEEP_EVERY, now=now, work=lambda: str(sweeping.sweep(now=now)))


@shared_task(name="billing.tasks.money.carry_on_batch")
def carry_on_batch(batch_id: int) -> None:
    batch_carrying.carry_on(batch_id=batch_id, now=timezone.now())


@shared_task(name="billing.tasks.money.sweep_batches")
def sweep_batches() -> None:
    now = timezone.now()
    jobs.run_once(
        job="sweep batches", period=SWEEP_EVERY, now=now, work=lambda: f"{batch_carrying.sweep(now=now)} batches"
    )


@shared_task(name="billing.tasks.money.carry_out_change")
def carry_out_change(change_id: int) -> None:
    customer_sending.carry_out(change_id=change_id, now=timezone.now())


@shared_task(name="billing.tasks.money.sweep_changes")
def sweep_changes() -> None:
    now = timezone.now()
    jobs.run_once(
        job="sweep changes", period=SWEEP_EVERY, now=now, work=lambda: f"{customer_sending.sweep(now=now)} changes"
    )


@shared_task(name="billing.tasks.money.sweep_online")
def sweep_online() -> None:
    now = timezone.now()
    jobs.run_once(job="online", period=ASK_EVERY, now=now, work=lambda: str(online_sweeping.sweep(now=now)))


@shared_task(name="billing.tasks.money.resolve_doubt")
def resolve_doubt() -> None:
    """One switch that cannot be asked must not keep the others waiting."""
    for switch in Switch.objects.filter(accounts__topups__state=TopUpState.IN_DOUBT).distinct():
        try:
            _resolve(switch)
        except Exception:
            logger.exception("The doubt of switch %s could not be resolved", switch)


def _resolve(switch: Switch) -> None:
    now = timezone.now()
    jobs.run_once(
        job=f"resolve {switch.name}",
        period=LOOK_EVERY,
        now=now,
        work=lambda: str(topups.resolve(switch=switch, now=now)),
    )
