"""What is done after the database was set back: everything that may have happened since is asked of the switches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accounts.models import AuditEntry, Switch
from billing.jobs.models import JobRun
from billing.lib.days import day_of
from billing.switches.services.failures import FAILURES, failure
from billing.sync.services.catch_up import CatchUp, Failure
from billing.topups.models import TopUp, Transition
from billing.topups.services import doubt_resolution
from billing.topups.services.restored_databases import doubt_all_waiting

# The newest row may be older than what was last done: the switch's clock may be off, and a portal may have been idle.
MARGIN = timedelta(days=1)


@dataclass
class Restored:
    """`topups` were waiting, as they stand now. `unread` is what could not be read again; no account: the switch."""

    since: datetime
    topups: list[TopUp] = field(default_factory=list)
    payments: int = 0
    calls: int = 0
    unread: list[tuple[Switch, Failure]] = field(default_factory=list)
    not_looked_for: int = 0


def newest_row(*, now: datetime) -> datetime:
    """Find when the portal last wrote something down: there the backup ends."""
    kept = (
        Transition.objects.order_by("-at").values_list("at", flat=True).first(),
        JobRun.objects.order_by("-started_at").values_list("started_at", flat=True).first(),
        AuditEntry.objects.order_by("-at").values_list("at", flat=True).first(),
    )
    return max((at for at in kept if at is not None), default=now)


def bring_up_to_date(*, now: datetime, since: datetime | None, clock: Callable[[], datetime]) -> Restored:
    """Put in doubt whatever waits to be sent, read all switches again from then on, and look at all that is in doubt.

    A switch that does not answer keeps none of the others waiting; what waits for it stays in doubt.
    """
    restored = Restored(since or newest_row(now=now) - MARGIN)
    doubted = doubt_all_waiting(now=now)
    for switch in Switch.objects.order_by("name"):
        try:
            _read_again(switch, restored, clock)
            restored.not_looked_for += doubt_resolution.resolve(switch=switch, now=clock(), all_of_them=True).failed
        except FAILURES as error:
            restored.unread.append((switch, Failure("", None, failure(error))))
    again = TopUp.objects.filter(pk__in=[topup.pk for topup in doubted]).select_related("account__switch")
    restored.topups = list(again.order_by("requested_at", "pk"))
    return restored


def _read_again(switch: Switch, restored: Restored, clock: Callable[[], datetime]) -> None:
    first, last = day_of(restored.since, switch.zone), day_of(clock(), switch.zone)
    catch_up = CatchUp(switch, min(first, last), last, clock)
    for part in catch_up.parts(catch_up.choose([])):
        part()
    restored.payments += catch_up.done.payments
    restored.calls += catch_up.done.calls
    restored.unread += [(switch, row) for row in catch_up.done.failed]
