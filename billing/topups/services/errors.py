"""How a request for a top-up is refused before anything is written."""

from __future__ import annotations

from billing.lib.reasons import Because, RefusedBecause
from billing.topups.models import RequestReason, TopUp


class TopUpRefused(RefusedBecause):
    """Nothing was written and nothing will be sent. `field` is what to correct."""

    field = "amount"


class AmountRefused(TopUpRefused):
    pass


class LimitExceeded(TopUpRefused):
    pass


class PersonLimitExceeded(LimitExceeded):
    """The day's limit of the person who asks is exceeded."""

    def __init__(self) -> None:
        super().__init__(Because(RequestReason.PERSON_LIMIT))

    def about(self, person: str) -> Because:
        """The same reason for other readers, with the person's name."""
        return Because(RequestReason.PERSON_LIMIT_OF, {"person": person})


class AccountMissing(TopUpRefused):
    field = "account"


class NoteUnfit(TopUpRefused):
    field = "note"


class KeyUnfit(TopUpRefused):
    field = "key"


class Unsettled(TopUpRefused):
    """An earlier credit of the account, `topup`, may yet arrive: another one has to be meant besides it."""

    field = "again"

    def __init__(self, topup: TopUp, because: Because) -> None:
        super().__init__(because)
        self.topup = topup


class KeyReused(TopUpRefused):
    field = "key"
