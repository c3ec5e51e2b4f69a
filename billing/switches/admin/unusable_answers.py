from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.staff_pages.base import ReadOnlyAdmin
from accounts.staff_pages.filters import OfAccount
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
