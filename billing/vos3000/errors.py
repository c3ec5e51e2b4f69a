"""What can be known when the switch does not simply answer.

A write is done, surely not done (`Unreachable`, `Refused`) or of unknown outcome. A read is refused, lost or
malformed. Every error says whether asking the same again can help (`transient`); a write is never to be asked
again after `UnknownOutcome`, whatever the reason.
"""

from __future__ import annotations

from datetime import datetime

NOT_FOUND = -10007
"""The only code the vendor publishes: "Not found, operation failed.\""""

OVER_RANGE = -10033
"""Said by a live server of a range that its operator does not allow: "Over the limitation of inquiry interval"."""


class SwitchError(Exception):
    """`reason` is short and free of bodies, passwords and customers' text."""

    transient = True

    def __init__(self, operation: str, reason: str) -> None:
        super().__init__(operation, reason)
        self.operation = operation
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.operation}: {self.reason}"


class Unreachable(SwitchError):
    """The request never left: surely not done."""

    def __init__(self, operation: str, reason: str, *, transient: bool = True) -> None:
        super().__init__(operation, reason)
        self.transient = transient


class Untrusted(Unreachable):
    """No TLS connection that can be trusted was had: the certificate is not the pinned one, or there is none."""


class OutOfReach(Unreachable):
    """The switch's name leads to an address that no switch may have."""


class Withheld(Unreachable):
    """Admission was refused: the budget is used up or the breaker is open. Surely not done."""


class Resting(Withheld):
    """The switch gives no call records at this time of day; `until` is when it goes on. Surely not done."""

    def __init__(self, operation: str, until: datetime) -> None:
        super().__init__(operation, f"the switch gives no call records until {until:%Y-%m-%d %H:%M %Z}")
        self.until = until


class Refused(SwitchError):
    """The switch said no. For a write only the endpoint's sure refusals end here: surely not done.

    `text` is the switch's own `exception` text, cut short; it is for staff, not for customers.
    """

    def __init__(self, operation: str, code: int, text: str, *, transient: bool = False) -> None:
        super().__init__(operation, f"refused with code {code}")
        self.code = code
        self.text = text
        self.transient = transient


class UnknownOutcome(SwitchError):
    """A write left and its end is not known: it may be done, or be done later. Never send it again."""

    transient = False

    def __init__(self, operation: str, reason: str, *, code: int | None = None) -> None:
        super().__init__(operation, reason)
        self.code = code


class Lost(SwitchError):
    """A read whose answer did not arrive: the connection broke after the request had left."""


class TimedOut(Lost):
    """A read whose answer did not arrive, or did not end, in time."""


class Malformed(SwitchError):
    """A read whose answer cannot be read: empty, cut off, too large, not JSON, or not what the manual says."""


class UnexpectedStatus(Malformed):
    """HTTP `status` is not 200: not allowed from here (403), not on this build (404), an error page (5xx)."""

    def __init__(self, operation: str, status: int) -> None:
        super().__init__(operation, f"HTTP status {status}")
        self.status = status
        self.not_on_this_build = status == 404
        self.transient = status >= 500
