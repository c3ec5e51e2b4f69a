"""Hours in which a switch gives no call records: set for it, or learnt from its refusals. Nothing asks in them.

Learnt hours are those between the first and the last refusal of a day. A refusal is not waited out by asking again and
again: the next question follows some minutes later, or when the hours end that were learnt before.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import wraps
from typing import Protocol

from accounts.models import Switch
from billing.switches.models import Observation
from billing.vos3000 import Admission, Refused, Resting
from billing.vos3000.errors import OVER_RANGE

# What is computed from call records, and is refused with them.
RECORD_OPERATIONS = frozenset({"GetCdr", "GetReportCustomerFee"})
ASKED_AGAIN_AFTER = timedelta(minutes=15)
# Two refusals that are farther apart belong to hours of their own.
SAME_HOURS = timedelta(minutes=45)
# An operator may change the hours: what was learnt is then found out again.
LEARNT_FOR = timedelta(days=7)
DAY = timedelta(days=1)


class SwitchWork(Protocol):
    """Work for one switch, which says in words what it did."""

    def __call__(self, *, switch: Switch, now: datetime) -> str: ...


class QuietAdmission:
    """An admission that lets no question about call records through in the quiet hours of the switch."""

    def __init__(self, admission: Admission, switch: Switch) -> None:
        self._admission = admission
        self._switch = switch

    def admit(self, operation: str) -> None:
        if operation in RECORD_OPERATIONS:
            until = goes_on_at(switch=self._switch, now=datetime.now(UTC))
            if until is not None:
                raise Resting(operation, until.astimezone(self._switch.zone))
        self._admission.admit(operation)

    def succeeded(self, operation: str) -> None:
        self._admission.succeeded(operation)

    def failed(self) -> None:
        self._admission.failed()

    def unreadable_answer(self, operation: str) -> None:
        self._admission.unreadable_answer(operation)


def goes_on_at(*, switch: Switch, now: datetime) -> datetime | None:
    """Say when the switch may be asked for call records again; None: it may be now."""
    if switch.quiet_from_until:
        return _end_of(*switch.quiet_from_until, switch, now)
    learnt = Observation.objects.filter(switch_id=switch.pk, refused_at__gt=now - LEARNT_FOR).first()
    if learnt is None or learnt.refused_at is None or learnt.refused_from is None or learnt.refused_until is None:
        return None
    pause_ends = learnt.refused_at + ASKED_AGAIN_AFTER
    of_hours = _end_of(learnt.refused_from, learnt.refused_until, switch, now)
    return max((at for at in (pause_ends, of_hours) if at is not None and at > now), default=None)


def outside(work: SwitchWork) -> SwitchWork:
    """Have work that asks for call records leave them alone in the quiet hours, and say so for staff."""

    @wraps(work)
    def run(*, switch: Switch, now: datetime) -> str:
        until = goes_on_at(switch=switch, now=now)
        if until is None:
            try:
                return work(switch=switch, now=now)
            except Resting as error:
                until = error.until
        return f"no call records before {until.astimezone(switch.zone):%Y-%m-%d %H:%M}, by the switch's clock"

    return run


def refuses_records(*, switch: Switch, error: Exception, now: datetime) -> Resting | None:
    """Learn from a refusal of the calls of a single day; None where it says nothing of the hour.

    A range of one day cannot be too long: the switch that calls it so gives no records now.
    """
    if not isinstance(error, Refused) or error.code != OVER_RANGE or switch.quiet_from_until:
        return None
    _learn(switch, now)
    until = goes_on_at(switch=switch, now=now) or now + ASKED_AGAIN_AFTER
    return Resting(error.operation, until.astimezone(switch.zone))


def _learn(switch: Switch, now: datetime) -> None:
    observation, _ = Observation.objects.get_or_create(switch=switch)
    if observation.refused_at is None or now - observation.refused_at > LEARNT_FOR:
        observation.refused_from = observation.refused_until = None
    at = now.astimezone(switch.zone).time().replace(microsecond=0)
    goes_on = observation.refused_until is not None and _since(observation.refused_until, at) <= SAME_HOURS
    if not goes_on:
        is_sooner = observation.refused_from is not None and _since(at, observation.refused_from) <= SAME_HOURS
        observation.refused_from = at
        observation.refused_until = observation.refused_until if is_sooner else at
    if goes_on:
        observation.refused_until = at
    observation.refused_at = now
    observation.save(update_fields=["refused_from", "refused_until", "refused_at"])


def _since(earlier: time, later: time) -> timedelta:
    """How long it is from one time of the day to the next time that it is another."""
    seconds = [of.hour * 3600 + of.minute * 60 + of.second for of in (earlier, later)]
    return timedelta(seconds=(seconds[1] - seconds[0]) % DAY.total_seconds())


def _end_of(first: time, end: time, switch: Switch, now: datetime) -> datetime | None:
    """Return when the hours end that `now` lies in; None where it lies in none."""
    local = now.astimezone(switch.zone)
    if _since(first, local.time()) >= _since(first, end):
        return None
    day = local.date() if local.time() < end else local.date() + DAY
    return datetime.combine(day, end, switch.zone).astimezone(UTC)
