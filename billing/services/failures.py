"""A failed question to the switch, in words for people."""

from __future__ import annotations

from billing.vos3000 import Malformed, Refused, SwitchError, TimedOut, UnexpectedStatus, Unreachable, Withheld

# What a question to a switch can raise: it failed, or its settings cannot be used (a missing CA file, a bad address).
FAILURES = (SwitchError, OSError, ValueError)
# Of one account alone: what cannot be read of several is asked for in parts.
UNREADABLE = "The switch gave an answer that cannot be read."
GONE = "The switch no longer knows this account."


def sentence(error: Exception) -> str:
    match error:
        case Withheld():
            return "The switch is being given a rest for a moment."
        case Unreachable():
            return "The switch cannot be reached."
        case TimedOut():
            return "The switch did not answer in time."
        case UnexpectedStatus(status=403):
            return "The switch does not let the portal in."
        case UnexpectedStatus():
            return "The switch answered with an error."
        case Malformed():
            return UNREADABLE
        case Refused():
            return "The switch refused to answer."
        case SwitchError():
            return "The connection to the switch broke."
        case _:
            return "The portal cannot ask the switch: its settings need a look."
