"""Why a call ended, in words.

The vendor publishes no table of `endReason` (manual §3.47). What telephone systems give each other is standard, and is
read so: causes of ITU-T Q.850 up to 127, and SIP answers (RFC 3261) from 300 on. All other codes are unknown.
"""

from __future__ import annotations

from dataclasses import dataclass

from billing.calls.models import NOT_STATED

LARGEST_CAUSE = 127
SIP_ANSWERS = range(300, 700)

CAUSES = {
    1: "The number is not in use.",
    2: "There is no way to that network.",
    3: "There is no way to that number.",
    6: "The line that was chosen could not be used.",
    16: "The call was ended normally.",
    17: "The number was busy.",
    18: "The called phone did not respond.",
    19: "It rang, and nobody answered.",
    20: "The called phone could not be reached.",
    21: "The call was rejected.",
    22: "The number has changed.",
    25: "The call could not be routed.",
    26: "The call was given away, and another line answered it.",
    27: "The destination is out of order.",
    28: "The number is incomplete, or not a number of that kind.",
    29: "The network refused what was asked for.",
    31: "The call was ended, without a particular reason.",
    34: "No line was free on the way.",
    38: "A network on the way is out of order.",
    41: "A network on the way failed for a moment.",
    42: "The equipment on the way was too busy.",
    44: "The line that was asked for was not free.",
    47: "There was no room for the call on the way.",
    50: "The account does not have what was asked for.",
    52: "The number may not make such calls.",
    54: "The number may not receive such calls.",
    55: "Calls from outside are not let in there.",
    57: "The line may not carry this kind of call.",
    58: "The line cannot carry this kind of call now.",
    63: "The network does not offer that now.",
    65: "The network cannot carry this kind of call.",
    79: "The network cannot do what was asked for.",
    88: "The two ends cannot speak with each other.",
    102: "Something on the way took too long.",
    111: "The two ends misunderstood each other.",
    127: "A network on the way gave no reason.",
}
SIP = {
    400: "The request was not understood.",
    401: "The phone did not say who it is.",
    402: "A payment is needed first.",
    403: "The call is not allowed.",
    404: "The number is not in use.",
    407: "The phone did not say who it is.",
    408: "Nobody responded in time.",
    410: "The number is no longer in use.",
    415: "The two ends have no way of speaking in common.",
    480: "The called phone could not be reached.",
    481: "The call was no longer known on the way.",
    483: "The call went through too many hands.",
    484: "The number is incomplete.",
    486: "The number was busy.",
    487: "The caller hung up before anybody answered.",
    488: "The two ends have no way of speaking in common.",
    500: "Something on the way failed.",
    502: "A network on the way failed.",
    503: "The way was overloaded or closed.",
    504: "Something on the way took too long.",
    600: "The number was busy.",
    603: "The call was rejected.",
    604: "There is no such number.",
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
        return EndReason("The switch does not say.", None)
    if code in CAUSES:
        return EndReason(CAUSES[code], code, "a Q.850 cause")
    if code in SIP:
        return EndReason(SIP[code], code, "a SIP answer")
    if 0 < code <= LARGEST_CAUSE:
        return EndReason("A network on the way gave a rare reason.", code, "a Q.850 cause")
    if code in SIP_ANSWERS:
        return EndReason("A phone or network on the way gave a rare reason.", code, "a SIP answer")
    return EndReason("The switch gives a reason of its own, whose meaning is not published.", code)
