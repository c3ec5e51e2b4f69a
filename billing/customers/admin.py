from django.contrib import admin

from accounts.staff_pages.base import ReadOnlyAdmin
from accounts.staff_pages.filters import OfAccount
from billing.customers.models import CustomerChange


@admin.register(CustomerChange)
class CustomerChangeAdmin(ReadOnlyAdmin[CustomerChange]):
    """What agents asked to be done with their customers, and what became of it."""

    list_display = ("reference", "kind", "number", "agent", "state", "requested_by", "requested_at", "settled_at")
    list_select_related = ("agent", "requested_by")
    list_filter = ("state", "kind", OfAccount, "requested_at")
    search_fields = ("reference", "number", "agent__number", "requested_by__email")
    ordering = ("-id",)
