"""Who may ask the switch now: the request budget and the circuit breaker come in from outside."""

from __future__ import annotations

from typing import Protocol


class Admission(Protocol):
    """Asked before every request and told its end.

    `succeeded` and `failed` are told whether the switch is alive, not whether it said yes: a refusal and an HTTP 4xx
    page are answers, a broken connection and a 5xx page are not. `unreadable_answer`: it answered what cannot be read.
    """

    def admit(self, operation: str) -> None:
        """Raise `Withheld` when the request may not leave now."""

    def succeeded(self, operation: str) -> None: ...

    def failed(self) -> None: ...

    def unreadable_answer(self, operation: str) -> None: ...


class OpenAdmission:
    """Lets everything through."""

    def admit(self, operation: str) -> None:
        pass

    def succeeded(self, operation: str) -> None:
        pass

    def failed(self) -> None:
        pass

    def unreadable_answer(self, operation: str) -> None:
        pass
