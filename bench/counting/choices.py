"""What a switch may choose without telling: all combinations of what the proof is about, the rest at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

from billing.calls.models import DayBy
from billing.calls.services.counting_rules import PLACES, Rule

# East and west of the switch, which is in UTC.
ZONES = ("Asia/Shanghai", "America/Los_Angeles")
ON_THE_WIRE = {DayBy.START: "start", DayBy.END: "stop", DayBy.BOTH: "both"}


@dataclass(frozen=True)
class Choice:
    """How a switch counts in its reports, and `zone` those of half of its accounts; and how it lists calls."""

    zone: str
    rule: Rule
    list_by: DayBy
    states_own_midnight: bool
    zero_start: bool

    def __str__(self) -> str:
        counted = "all calls" if self.rule.unanswered else "answered calls"
        stated = "stated" if self.states_own_midnight else "not stated"
        listed = f"listed by {self.list_by}{', no start where unanswered' if self.zero_start else ''}"
        return f"{counted} by {self.rule.day_by}, {self.rule.places} places, {self.zone} ({stated}); {listed}"


def choices(random: Random) -> Sequence[Choice]:
    """Return the 60 combinations of two zones, three rules, counted or not, and two to six places."""
    return [
        Choice(
            zone=zone,
            rule=Rule(day_by, unanswered, places),
            list_by=random.choice(list(DayBy)),
            states_own_midnight=random.random() < 0.5,
            zero_start=random.random() < 0.5,
        )
        for zone, day_by, unanswered, places in product(ZONES, DayBy, (True, False), PLACES)
    ]
