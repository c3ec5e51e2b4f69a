"""Why a request for a top-up may be refused before anything is written."""

from __future__ import annotations

from django.utils.translation import gettext as _


class TopUpRefused(Exception):
    """Nothing was written and nothing will be sent. The sentence is for the person; `field` is what to correct."""

    field = "amount"


class AmountRefused(TopUpRefused):
    pass


class LimitExceeded(TopUpRefused):
    pass


class PersonLimitExceeded(LimitExceeded):
    """The day's limit of the person who asks is exceeded. The sentence speaks to that person."""

    def about(self, person: str) -> str:
        """The same sentence for other readers, with the person's name."""
        return _("This is more than %(person)s may still top up today.") % {"person": person}


class AccountMissing(TopUpRefused):
    field = "account"


class NoteUnfit(TopUpRefused):
    field = "note"


class KeyUnfit(TopUpRefused):
    field = "key"


class KeyReused(TopUpRefused):
    field = "key"
