"""The ways in which the simulator can fail to answer a `Pay`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from accounts.models import Switch
from billing.topups.models import TopUpState
from billing.topups.services.doubt_resolution import resolve

# What a fault of Pay makes of a top-up at once, and what the history says later.
FAULTS: list[tuple[str, dict[str, Any], TopUpState, TopUpState]] = [
    ("drop_before", {}, TopUpState.IN_DOUBT, TopUpState.REVIEW),
    ("drop_after", {}, TopUpState.IN_DOUBT, TopUpState.CONFIRMED),
    ("late", {"seconds": 0.2}, TopUpState.CONFIRMED, TopUpState.CONFIRMED),
    ("late_code_before", {"seconds": 0.2}, TopUpState.IN_DOUBT, TopUpState.REVIEW),
    ("late_code_after", {"seconds": 0.2}, TopUpState.IN_DOUBT, TopUpState.CONFIRMED),
    ("unlisted_code", {}, TopUpState.IN_DOUBT, TopUpState.REVIEW),
    ("unlisted_code_after", {}, TopUpState.IN_DOUBT, TopUpState.CONFIRMED),
    ("listed_code", {}, TopUpState.REFUSED, TopUpState.REFUSED),
    ("empty_before", {}, TopUpState.IN_DOUBT, TopUpState.REVIEW),
    ("empty_after", {}, TopUpState.IN_DOUBT, TopUpState.CONFIRMED),
    ("cut_body", {}, TopUpState.IN_DOUBT, TopUpState.CONFIRMED),
    ("html_403", {}, TopUpState.IN_DOUBT, TopUpState.REVIEW),
    ("error_500_before", {}, TopUpState.IN_DOUBT, TopUpState.REVIEW),
    ("error_500_after", {}, TopUpState.IN_DOUBT, TopUpState.CONFIRMED),
    ("redirect", {}, TopUpState.IN_DOUBT, TopUpState.REVIEW),
    ("non_utf8", {}, TopUpState.IN_DOUBT, TopUpState.CONFIRMED),
    ("wrong_pay_money", {}, TopUpState.IN_DOUBT, TopUpState.CONFIRMED),
    ("apply_later", {}, TopUpState.IN_DOUBT, TopUpState.CONFIRMED),
    ("truncate_memo", {}, TopUpState.CONFIRMED, TopUpState.CONFIRMED),
    ("clock_skew", {}, TopUpState.CONFIRMED, TopUpState.CONFIRMED),
    ("slow_trickle", {"seconds": 0.3}, TopUpState.CONFIRMED, TopUpState.CONFIRMED),
]


def look_until_settled(switch: Switch, now: datetime) -> None:
    """As many looks as it takes until the settling time is over, on a clock of its own."""
    for minutes in (1, 2, 3, 31, 32):
        resolve(switch=switch, now=now + timedelta(minutes=minutes))


# Fast enough for hundreds; a switch that is merely slow is among the others above.
RANDOM_FAULTS = [
    (kind, {**options, **({"seconds": 0.02} if "seconds" in options else {})}) for kind, options, *_ in FAULTS
]
