"""Connecting a switch: how it wants to be asked, what it answers, and what time it thinks it is. Reads alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from accounts.models import Switch
from billing.lib.reasons import Because
from billing.switches.services import clients, clock_checks, discovery, zone_evidence
from billing.switches.services.clock_checks import Measured
from billing.switches.services.priority import waiting_for_budget
from billing.vos3000 import Admission, SwitchError
from billing.vos3000.supported_operations import probe


@dataclass
class Probed:
    """What a switch was found to be. `chosen` are the fields of the Switch that were set, each with its new value."""

    answers: bool
    findings: list[Because]
    chosen: dict[str, str] = field(default_factory=dict)
    operations: list[str] = field(default_factory=list)
    measured: Measured | None = None

    def why_impossible(self, switch: Switch) -> Because | None:
        """Say why the zone cannot be the switch's; None where it may be."""
        evidence = self.measured.evidence if self.measured else []
        return clock_checks.why(switch, evidence) if zone_evidence.impossible(switch.zone, evidence) else None


class ProbingAdmission:
    """An admission that is asked and told nothing: a way that leads nowhere says nothing of the switch's health."""

    def __init__(self, admission: Admission) -> None:
        self.admit = admission.admit

    def succeeded(self, operation: str) -> None:
        pass

    def failed(self) -> None:
        pass

    def unreadable_answer(self, operation: str) -> None:
        pass


def connect(*, switch: Switch, now: datetime) -> Probed:
    """Find the way on which the switch answers, and set it in the row, which is not saved; then ask what it can do."""
    with waiting_for_budget():
        discovered = discovery.discover(clients.endpoint(switch), ProbingAdmission(clients.admission(switch)))
        probed = Probed(discovered.endpoint is not None, list(discovered.findings))
        if discovered.endpoint is None:
            return probed
        for name in ("url", "directory", "suffix", "content_type"):
            value = getattr(discovered.endpoint, name)
            if value != getattr(switch, name):
                probed.chosen[name] = value
                setattr(switch, name, value)
        with clients.client(switch) as client:
            probed.operations = probe(client)
        _measure(switch, probed, now)
    return probed


def _measure(switch: Switch, probed: Probed, now: datetime) -> None:
    try:
        probed.measured = clock_checks.measure(clients.endpoint(switch), clients.admission(switch), now=now)
    except SwitchError:
        return
    probed.findings += clock_checks.findings(switch=switch, measured=probed.measured)
