"""A failed question to the switch, in words for people."""

from __future__ import annotations

from billing.vos3000 import Lost, Malformed, Refused, SwitchError, TimedOut, UnexpectedStatus, Unreachable, Withheld

# What a question that failed raises, and among them what it raises where the switch was not asked, to give it a rest.
FAILED, WITHHELD = (SwitchError,), (Withheld,)
# What a question to a switch can raise: it failed, or its settings cannot be used (a missing CA file, a bad address).
FAILURES = (*FAILED, OSError, ValueError)
UNREADABLE = "The switch gave an answer that cannot be read."
TOO_LATE = "The switch did not answer in time."
REFUSED = "The switch refused to answer."
BROKEN = "The connection to the switch broke."
GONE = "The switch no longer knows this account."
# What became of questions that reached the switch and may be to blame for it.
OF_NO_USE = (UNREADABLE, TOO_LATE, REFUSED, BROKEN)


def is_of_no_use(error: Exception) -> bool:
    """Whether the question itself may be to blame, so that another one, of fewer accounts, may have its answer."""
    return isinstance(error, Malformed | Refused | Lost) and not isinstance(error, UnexpectedStatus)


def sentence(error: Exception) -> str:
    match error:
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
