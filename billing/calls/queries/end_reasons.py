"""Why a call ended, in words.

The vendor publishes no table of `endReason` (manual §3.47). What telephone systems give each other is standard, and is
read so: causes of ITU-T Q.850 up to 127, and SIP answers (RFC 3261) from 300 on. All other codes are unknown.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.calls.models import NOT_STATED

LARGEST_CAUSE = 127
SIP_ANSWERS = range(300, 700)

CAUSES = {
    1: _("The number is not in use."),
    2: _("There is no way to that network."),
    3: _("There is no way to that number."),
    6: _("The line that was chosen could not be used."),
    16: _("The call was ended normally."),
    17: _("The number was busy."),
    18: _("The called phone did not respond."),
    19: _("It rang, but was not answered."),
    20: _("The called phone could not be reached."),
    21: _("The call was rejected."),
    22: _("The number has changed."),
    25: _("The call could not be routed."),
    26: _("The call was given away, and another line answered it."),
    27: _("The destination is out of order."),
    28: _("The number is incomplete, or not a number of that kind."),
    29: _("The network refused what was asked for."),
    31: _("The call was ended, without a particular reason."),
    34: _("No line was free on the way."),
    38: _("A network on the way is out of order."),
    41: _("A network on the way failed for a moment."),
    42: _("The equipment on the way was too busy."),
    44: _("The line that was asked for was not free."),
    47: _("There was no room for the call on the way."),
    50: _("The account does not have what was asked for."),
    52: _("The number may not make such calls."),
    54: _("The number may not receive such calls."),
    55: _("Calls from outside are not let in there."),
    57: _("The line may not carry this kind of call."),
    58: _("The line cannot carry this kind of call now."),
    63: _("The network does not offer that now."),
    65: _("The network cannot carry this kind of call."),
    79: _("The network cannot do what was asked for."),
    88: _("The two ends cannot speak with each other."),
    102: _("Something on the way took too long."),
    111: _("The two ends misunderstood each other."),
    127: _("A network on the way gave no reason."),
}
SIP = {
    400: _("The request was not understood."),
    401: _("The phone did not say who it is."),
    402: _("A payment is needed first."),
    403: _("The call is not allowed."),
    404: _("The number is not in use."),
    407: _("The phone did not say who it is."),
    408: _("There was no response in time."),
    410: _("The number is no longer in use."),
    415: _("The two ends have no way of speaking in common."),
    480: _("The called phone could not be reached."),
    481: _("The call was no longer known on the way."),
    483: _("The call went through too many hands."),
    484: _("The number is incomplete."),
    486: _("The number was busy."),
    487: _("The caller hung up before anybody answered."),
    488: _("The two ends have no way of speaking in common."),
    500: _("Something on the way failed."),
    502: _("A network on the way failed."),
    503: _("The way was overloaded or closed."),
    504: _("Something on the way took too long."),
    600: _("The number was busy."),
    603: _("The call was rejected."),
    604: _("There is no such number."),
}


@dataclass(frozen=True)
class EndReason:
    """Why a call ended; `code` is None where the switch gives none, `read_as` names the table that has the code."""

    words: str
    code: int | None
    read_as: str = ""


def end_reason(code: int) -> EndReason:
    """Word the `endReason` of a call."""
    if code == NOT_STATED:
        return EndReason(gettext("The switch does not say."), None)
    if code in CAUSES:
        return EndReason(str(CAUSES[code]), code, gettext("a Q.850 cause"))
    if code in SIP:
        return EndReason(str(SIP[code]), code, gettext("a SIP answer"))
    if 0 < code <= LARGEST_CAUSE:
        return EndReason(gettext("A network on the way gave a rare reason."), code, gettext("a Q.850 cause"))
    if code in SIP_ANSWERS:
        return EndReason(gettext("A phone or network on the way gave a rare reason."), code, gettext("a SIP answer"))
    return EndReason(gettext("The switch gives a reason of its own, whose meaning is not published."), code)
