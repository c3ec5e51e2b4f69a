"""What a wish for a top-up may be refused for, before anything is written."""

from __future__ import annotations


class TopUpRefused(Exception):
    """Nothing was written and nothing will be sent. The sentence is for the person; `field` is what to correct."""

    field = "amount"


class AmountRefused(TopUpRefused):
    pass


class LimitExceeded(TopUpRefused):
    pass


class PersonLimitExceeded(LimitExceeded):
    """The limit of whoever asks for it, told in their own words; who else reads of it is told whose it is."""

    def told_of(self, person: str) -> str:
        return f"This is more than {person} may still top up today."


class AccountMissing(TopUpRefused):
    field = "account"


class NoteUnfit(TopUpRefused):
    field = "note"


class KeyUnfit(TopUpRefused):
    field = "key"


class KeyReused(TopUpRefused):
    field = "key"
