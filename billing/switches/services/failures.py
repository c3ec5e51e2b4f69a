"""How a request to a switch fails, and in which words people read it."""

from __future__ import annotations

from billing.vos3000 import (
    Lost,
    Malformed,
    Refused,
    Resting,
    SwitchError,
    TimedOut,
    UnexpectedStatus,
    Unreachable,
    Withheld,
)

# What a failed request raises; and among them what it raises where the switch was not asked, to spare it.
FAILED, WITHHELD = (SwitchError,), (Withheld,)
# What a request can raise: it failed, or the switch's settings cannot be used (a missing CA file, a bad address).
FAILURES = (*FAILED, OSError, ValueError)
UNREADABLE = "The switch gave an answer that cannot be read."
TOO_LATE = "The switch did not answer in time."
REFUSED = "The switch refused to answer."
BROKEN = "The connection to the switch broke."
GONE = "The switch no longer knows this account."
# Sentences of failures for which the request itself may be the reason, since it did reach the switch.
UNUSABLE_ANSWERS = (UNREADABLE, TOO_LATE, REFUSED, BROKEN)


def is_unusable(error: Exception) -> bool:
    """Whether the request itself may be the reason, so that one for fewer accounts may be answered."""
    return isinstance(error, Malformed | Refused | Lost) and not isinstance(error, UnexpectedStatus)


def sentence(error: Exception) -> str:
    """Word a failure for people."""
    match error:
        case Resting(until=until):
            return f"The switch lists no calls before {until:%H:%M} (its time)."
        case Withheld():
            return "The switch is being given a rest for a moment."
        case Unreachable():
            return "The switch cannot be reached."
        case TimedOut():
            return TOO_LATE
        case UnexpectedStatus(status=403):
            return "The switch does not let the portal in."
        case UnexpectedStatus():
            return "The switch answered with an error."
        case Malformed():
            return UNREADABLE
        case Refused():
            return REFUSED
        case SwitchError():
            return BROKEN
        case _:
            return "The portal cannot ask the switch: its settings need a look."
