from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.staff_pages.base import ReadOnlyAdmin
from accounts.staff_pages.filters import OfAccount
from billing.subject import Waiting
from billing.switches.models import UnusableAnswer


@admin.register(UnusableAnswer)
class UnusableAnswerAdmin(ReadOnlyAdmin[UnusableAnswer]):
    """Accounts, and other rows, of which what the switch answers cannot be used: the others go on without them."""

    list_display = ("number", "of_account", "switch", "operation", "because", "since", "tries", "next_try_at")
    list_select_related = ("switch", "account")
    list_filter = (OfAccount, "operation", "switch")
    search_fields = ("number", "account__name")
    fields = (
        *("switch", "operation", "number", "account", "because"),
        *("since", "tried_at", "tries", "next_try_at"),
    )

    @admin.display(description=_("why"))
    def because(self, answer: UnusableAnswer) -> str:
        return str(answer.why)


def waiting(*, now: datetime) -> Iterator[Waiting]:
    """Count the accounts of which an answer cannot be used."""
    yield Waiting(
        label=_("Accounts of which an answer of the switch cannot be used"),
        model="switches.unusableanswer",
        count=UnusableAnswer.objects.count(),
        query={},
    )
