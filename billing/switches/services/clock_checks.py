"""Comparing a switch's clock with ours, and its zone with what its answers show; the outcome is kept for staff."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from accounts.lib.clock import Clock
from accounts.models import Switch
from billing.lib.reasons import Because
from billing.switches.models import Observation
from billing.switches.services import clients, zone_evidence
from billing.switches.services.findings import TimeFinding
from billing.switches.services.zone_evidence import Evidence, KnownPayment
from billing.vos3000 import Admission, Client, Endpoint, Withheld
from billing.vos3000.supported_operations import ask_harmlessly

# A clock that is off by less is no one's concern: the `Date` header has whole seconds, and an answer takes its time.
WORTH_SAYING = timedelta(minutes=2)
NOTHING = timedelta(0)
# The header leaves out the part of a second.
HALF_A_SECOND = timedelta(seconds=0.5)


@dataclass(frozen=True)
class Measured:
    """How far the switch's clock is ahead of ours, None where it does not say, and what tells of its zone."""

    clock_ahead: timedelta | None
    evidence: list[Evidence] = field(default_factory=list)

    @property
    def clock_is_off(self) -> bool:
        return self.clock_ahead is not None and abs(self.clock_ahead) > WORTH_SAYING


@dataclass(frozen=True)
class OwnPayment:
    """A payment of ours that is on the switch: when it was sent by our clock, and when it was done by the switch's."""

    sent_at: datetime
    paid_at: datetime


def measure(
    endpoint: Endpoint,
    admission: Admission,
    *,
    now: datetime,
    payments: Sequence[KnownPayment] = (),
    numbers: Sequence[str] = (),
    own: Sequence[OwnPayment] = (),
) -> Measured:
    """Compare by a few reads. Raises SwitchError where the switch does not answer at all."""
    clock = Clock(now)
    with closing(Client(endpoint, admission)) as client:
        before = clock.now()
        ask_harmlessly(client)
        after = clock.now()
        said = client.answered_at
    ahead = None if said is None else _whole(said + HALF_A_SECOND - before - (after - before) / 2)
    if own:
        # What made the payments may have another clock than the web server before it.
        done = timedelta(seconds=median((one.paid_at - one.sent_at).total_seconds() for one in own))
        ahead = max(ahead or NOTHING, _whole(done), key=abs)
    evidence = zone_evidence.gather(endpoint, admission, payments=payments, numbers=numbers, now=now)
    return Measured(ahead, evidence)


def observe(*, switch: Switch, measured: Measured, now: datetime) -> Observation:
    """Keep what was measured. A zone that was measured before counts until it is measured again."""
    facts: dict[str, object] = {"compared_at": now, "clock_ahead": measured.clock_ahead}
    if local := zone_evidence.possible_offset(measured.evidence):
        facts |= {"local_at": local[0], "local_ahead": local[1]}
    observation, _ = Observation.objects.update_or_create(switch=switch, defaults=facts)
    is_wrong = zone_evidence.impossible(switch.zone, measured.evidence) is not None
    return _judge(observation, switch, is_wrong=is_wrong)


def check(*, switch: Switch, now: datetime, payments: Sequence[KnownPayment], own: Sequence[OwnPayment]) -> Observation:
    """Measure and keep. Raises SwitchError."""
    with_money = switch.accounts.filter(missing_since__isnull=True).exclude(balance=0).order_by("-viewed_at", "pk")
    numbers = list(with_money.values_list("number", flat=True)[: zone_evidence.MOST_REPORTED])
    admission = clients.admission(switch)
    measured = measure(clients.endpoint(switch), admission, now=now, payments=payments, numbers=numbers, own=own)
    return observe(switch=switch, measured=measured, now=now)


def settings_changed(*, switch: Switch, is_elsewhere: bool) -> None:
    """Judge again what was observed, now that the zone may be another one. Of another address nothing is known."""
    if is_elsewhere:
        Observation.objects.filter(switch=switch).delete()
    elif observation := Observation.objects.filter(switch=switch).first():
        _judge(observation, switch, is_wrong=False)


def why_denied(*, switch: Switch) -> Because | None:
    """Say why the zone cannot be the switch's by what was observed at its address; None where it may be."""
    kept_at = Switch.objects.filter(pk=switch.pk).values_list("url", flat=True).first()
    evidence = _observed(Observation.objects.filter(switch_id=switch.pk).first()) if kept_at == switch.url else []
    return why(switch, evidence) if zone_evidence.impossible(switch.zone, evidence) else None


def why_impossible(*, switch: Switch, now: datetime, timeout: float) -> Because | None:
    """Say why the zone cannot be the switch's, by asking it or else by what was observed; None where it may be."""
    admission, endpoint = (
        clients.admission(switch),
        clients.endpoint(switch, read_timeout=timeout, total_timeout=timeout),
    )
    evidence: list[Evidence] = []
    with suppress(Withheld):
        evidence = zone_evidence.gather(endpoint, admission, payments=(), numbers=(), now=now)
    if zone_evidence.impossible(switch.zone, evidence):
        return why(switch, evidence)
    return None if evidence else why_denied(switch=switch)


def why(switch: Switch, evidence: Sequence[Evidence]) -> Because:
    """Word that the zone is impossible, with zones that are not."""
    return Because(TimeFinding.ZONE_IMPOSSIBLE, {"zone": switch.time_zone, "others": _named(evidence)})


def findings(*, switch: Switch, measured: Measured) -> list[Because]:
    """Word what was measured, for the operator."""
    return [_about_clock(measured), *_about_zone(switch, measured.evidence)]


def _judge(observation: Observation, switch: Switch, *, is_wrong: bool) -> Observation:
    impossible = zone_evidence.impossible(switch.zone, _observed(observation)) is not None
    observation.zone_is_wrong = is_wrong or impossible
    observation.is_off = observation.zone_is_wrong or abs(observation.clock_ahead or NOTHING) > WORTH_SAYING
    observation.save(update_fields=["zone_is_wrong", "is_off"])
    return observation


def _observed(observation: Observation | None) -> list[Evidence]:
    if observation is None or observation.local_at is None or observation.local_ahead is None:
        return []
    offsets = frozenset({observation.local_ahead})
    return [Evidence(zone_evidence.Source.PAYMENT, observation.local_at, offsets)]


def _whole(off: timedelta) -> timedelta:
    """Round to whole seconds: no header says more."""
    return timedelta(seconds=round(off.total_seconds()))


def _about_clock(measured: Measured) -> Because:
    ahead = measured.clock_ahead
    if ahead is None:
        return Because(TimeFinding.CLOCK_UNKNOWN)
    if not measured.clock_is_off:
        return Because(TimeFinding.CLOCK_AGREES)
    which = TimeFinding.CLOCK_AHEAD if ahead > NOTHING else TimeFinding.CLOCK_BEHIND
    return Because(which, {"by": _roughly(abs(ahead))})


def _roughly(off: timedelta) -> str:
    """Write how far a clock is off, in hours and minutes."""
    minutes = round(off.total_seconds() / 60)
    return f"{minutes // 60}:{minutes % 60:02} h"


def _about_zone(switch: Switch, evidence: Sequence[Evidence]) -> list[Because]:
    found: list[Because] = []
    if zone_evidence.impossible(switch.zone, evidence):
        found.append(why(switch, evidence))
    elif any(one.decides for one in evidence):
        found.append(Because(TimeFinding.ZONE_FITS, {"zone": switch.time_zone, "others": _named(evidence)}))
    else:
        found.append(Because(TimeFinding.ZONE_UNKNOWN, {"zone": switch.time_zone}))
    if not all(one.decides or one.allows(switch.zone) for one in evidence):
        found.append(Because(TimeFinding.REPORTS_ELSEWHERE, {"zone": switch.time_zone}))
    return found


def _named(evidence: Sequence[Evidence]) -> str:
    """Name the offset, where one is left, and zones that have it."""
    zones = ", ".join(zone_evidence.possible_zones(evidence))
    local = zone_evidence.possible_offset(evidence)
    return f"{_written(local[1])} ({zones})" if local else zones


def _written(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
