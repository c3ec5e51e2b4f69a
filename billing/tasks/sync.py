"""Background work on the queues `default` and `calls`. Every periodic task runs once per slot and switch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from celery import shared_task

from accounts.models import Switch
from billing.services import jobs, rounds
from billing.services.manners import background


class Round(Protocol):
    def __call__(self, *, switch: Switch, now: datetime) -> str: ...


ROUNDS: dict[str, tuple[Round, timedelta, str]] = {
    "balances": (rounds.refresh_balances, timedelta(minutes=1), "default"),
    "new-accounts": (rounds.name_new_accounts, timedelta(minutes=1), "default"),
    "profiles": (rounds.refresh_profiles, timedelta(minutes=10), "default"),
    "payments-watched": (rounds.mirror_watched, timedelta(minutes=1), "default"),
    "payments": (rounds.mirror_followed, timedelta(minutes=5), "default"),
    "calls-today": (rounds.fetch_today, timedelta(minutes=1), "calls"),
    "calls-yesterday": (rounds.fetch_yesterday, timedelta(minutes=5), "calls"),
    "calls-older": (rounds.back_fill, timedelta(minutes=1), "calls"),
    "calls-asked": (rounds.fetch_asked, timedelta(minutes=1), "calls"),
    "proofs": (rounds.prove, timedelta(minutes=5), "calls"),
    "reconciliation": (rounds.reconcile, timedelta(hours=1), "calls"),
    "reconciliation-month": (rounds.reconcile_month, timedelta(days=1), "calls"),
}


@shared_task(name="billing.tasks.sync.start_rounds")
def start_rounds(name: str) -> None:
    """One task per switch, so that a slow switch keeps no other waiting."""
    _, period, queue = ROUNDS[name]
    for switch in Switch.objects.order_by("pk").values_list("pk", flat=True):
        run_round.apply_async((name, switch), queue=queue, expires=period.total_seconds())


@shared_task(name="billing.tasks.sync.run_round")
def run_round(name: str, switch_id: int) -> None:
    switch = Switch.objects.get(pk=switch_id)
    now = datetime.now(UTC)
    work, period, _ = ROUNDS[name]
    with background():
        jobs.run_once(job=f"{name}:{switch.name}", period=period, now=now, work=lambda: work(switch=switch, now=now))


@shared_task(name="billing.tasks.sync.keep_house")
def keep_house() -> None:
    now = datetime.now(UTC)
    jobs.run_once(job="housekeeping", period=HOUSEKEEPING, now=now, work=lambda: rounds.keep_house(now=now))


HOUSEKEEPING = timedelta(hours=1)
SYNC_SCHEDULE: dict[str, dict[str, Any]] = {
    name: {
        "task": "billing.tasks.sync.start_rounds",
        "schedule": period,
        "args": (name,),
        "options": {"queue": queue, "expires": period.total_seconds()},
    }
    for name, (_, period, queue) in ROUNDS.items()
} | {
    "housekeeping": {
        "task": "billing.tasks.sync.keep_house",
        "schedule": HOUSEKEEPING,
        "options": {"queue": "default", "expires": HOUSEKEEPING.total_seconds()},
    }
}
