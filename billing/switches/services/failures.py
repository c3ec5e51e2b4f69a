"""How a request to a switch fails, and which reason people read of it."""

from __future__ import annotations

from billing.switches.models import SwitchFailure
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
# Failures for which the request itself may be the reason, since it did reach the switch.
UNUSABLE_ANSWERS = (
    SwitchFailure.UNREADABLE,
    SwitchFailure.TOO_LATE,
    SwitchFailure.REFUSED,
    SwitchFailure.BROKEN,
)


def is_unusable(error: Exception) -> bool:
    """Whether the request itself may be the reason, so that one for fewer accounts may be answered."""
    return isinstance(error, Malformed | Refused | Lost) and not isinstance(error, UnexpectedStatus)


def failure(error: Exception) -> SwitchFailure:
    """Find the reason that people read of an error."""
    match error:
        case Resting():
            return SwitchFailure.RESTING
        case Withheld():
            return SwitchFailure.PAUSED
        case Unreachable():
            return SwitchFailure.UNREACHABLE
        case TimedOut():
            return SwitchFailure.TOO_LATE
        case UnexpectedStatus(status=403):
            return SwitchFailure.NOT_LET_IN
        case UnexpectedStatus():
            return SwitchFailure.ERROR
        case Malformed():
            return SwitchFailure.UNREADABLE
        case Refused():
            return SwitchFailure.REFUSED
        case SwitchError():
            return SwitchFailure.BROKEN
        case _:
            return SwitchFailure.SETTINGS
