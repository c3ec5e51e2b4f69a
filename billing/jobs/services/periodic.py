"""Periodic work declares its own schedule: a function under one of these decorators is a task and an entry of beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from celery import Task, shared_task
from django.db.models import QuerySet

from accounts.models import Switch
from billing.jobs.services import runs
from billing.switches.services.budget import Work
from billing.switches.services.priority import doing

# Workers are few, and other rounds need them.
LONGEST_PATIENCE = timedelta(minutes=2)


class PlainWork(Protocol):
    """Work of one slot. What it returns is kept with the slot, for staff."""

    def __call__(self, *, now: datetime) -> object: ...


class SwitchWork(Protocol):
    """Work of one slot for one switch."""

    def __call__(self, *, switch: Switch, now: datetime) -> object: ...


@dataclass(frozen=True, kw_only=True)
class Periodic:
    """A task that beat sends at intervals. `job` is the name under which slots are claimed, kept and watched.

    It says to staff what the work is about, such as "top-ups in doubt".

    `run` does the work of the present slot; for work of one switch it wants the switch's number, and `task` is the one
    that enqueues it for each switch.
    """

    task: str
    job: str
    every: timedelta
    queue: str
    work: PlainWork | SwitchWork
    run: Task[..., None]

    @property
    def is_per_switch(self) -> bool:
        """Whether `task` only enqueues a task for each switch."""
        return self.task != self.run.name

    def job_of(self, switch: Switch) -> str:
        """The name under which the slots of one switch are claimed, kept and watched."""
        return job_of(self.job, switch)

    def entry(self) -> dict[str, Any]:
        """The entry of beat's schedule; a message that no worker took before the next one is sent is dropped."""
        options = {"queue": self.queue, "expires": self.every.total_seconds()}
        return {"task": self.task, "schedule": self.every, "options": options}


_declared: dict[str, Periodic] = {}


def declared() -> Mapping[str, Periodic]:
    """All periodic work by its job, as far as the modules that declare it are loaded."""
    return _declared


def periodic(*, job: str, every: timedelta, queue: str) -> Callable[[PlainWork], Task[[], None]]:
    """Make a function the work of a task that beat sends at intervals; the work of each slot is done once."""

    def declare(work: PlainWork) -> Task[[], None]:
        def run() -> None:
            now = datetime.now(UTC)
            runs.run_once(job=job, period=every, now=now, work=lambda: str(work(now=now)))

        name = _name_of(work)
        task = shared_task(name=name)(run)
        _declare(Periodic(task=name, job=job, every=every, queue=queue, work=work, run=task))
        return task

    return declare


def for_each_switch(
    *,
    job: str,
    every: timedelta,
    queue: str,
    switches: Callable[[], QuerySet[Switch]] = Switch.objects.all,
    share: Work,
) -> Callable[[SwitchWork], Task[[int], None]]:
    """Make a function the work of one task per switch, so that a slow switch keeps no other waiting.

    Its slots are kept under the job and the switch's name. `switches` says for which ones there is work. It asks
    the switch with the `share` of its budget that this kind of work has, and waits for it up to a third of a slot.
    """

    patience = timedelta(0) if share is Work.PEOPLE else min(every / 3, LONGEST_PATIENCE)

    def declare(work: SwitchWork) -> Task[[int], None]:
        def run(switch_id: int) -> None:
            switch, now = Switch.objects.get(pk=switch_id), datetime.now(UTC)
            label = job_of(job, switch)
            with doing(share, patience=patience):
                runs.run_once(job=label, period=every, now=now, work=lambda: str(work(switch=switch, now=now)))

        name = _name_of(work)
        task = shared_task(name=name)(run)

        def start() -> None:
            for switch_id in switches().order_by("pk").values_list("pk", flat=True):
                task.apply_async((switch_id,), queue=queue, expires=every.total_seconds())

        start_name = f"{name}.start"
        shared_task(name=start_name)(start)
        _declare(Periodic(task=start_name, job=job, every=every, queue=queue, work=work, run=task))
        return task

    return declare


def job_of(job: str, switch: Switch) -> str:
    return f"{job}: {switch.name}"


def _declare(work: Periodic) -> None:
    if _declared.setdefault(work.job, work) != work:
        raise ValueError(f"Two declare the job {work.job}: {_declared[work.job].task} and {work.task}")


def _name_of(work: PlainWork | SwitchWork) -> str:
    function: Any = work
    return f"{function.__module__}.{function.__qualname__}"
