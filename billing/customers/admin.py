from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.staff_pages.base import ReadOnlyAdmin
from accounts.staff_pages.filters import OfAccount
from billing.customers.models import CustomerChange


@admin.register(CustomerChange)
class CustomerChangeAdmin(ReadOnlyAdmin[CustomerChange]):
    """What agents asked to be done with their customers, and its outcome."""

    list_display = ("reference", "kind", "number", "agent", "state", "requested_by", "requested_at", "settled_at")
    list_select_related = ("agent", "requested_by")
    list_filter = ("state", "kind", OfAccount, "requested_at")
    search_fields = ("reference", "number", "agent__number", "requested_by__email")
    ordering = ("-id",)
    fields = (
        *("agent", "kind", "number", "account", "name", "overdraft", "rate_group", "email", "requested_by", "key"),
        *("requested_at", "deadline", "state", "explanation", "attempts", "looks", "next_step_at", "sent_at"),
        *("settled_at", "invitation", "mailed_at"),
    )
    readonly_fields = ("explanation",)

    @admin.display(description=_("Why"))
    def explanation(self, change: CustomerChange) -> str:
        return change.why
