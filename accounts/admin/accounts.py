from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.admin.notes import last_notes
from accounts.lib.money import money
from accounts.models import Account
from accounts.staff_pages.base import StaffAdmin
from accounts.staff_pages.filters import in_words
from accounts.staff_pages.links import link


@admin.register(Account)
class AccountAdmin(StaffAdmin[Account]):
    """Accounts as last seen on the switch, which alone changes them. What the portal itself decides can be edited."""

    list_display = ("number", "name", "switch", "agent", "balance", "spendable", "balance_at")
    list_select_related = ("switch", "parent")
    list_filter = (
        "switch",
        "is_agent",
        "lock_type",
        ("missing_since", in_words(_("on the switch"), empty=_("there"), filled=_("missing"))),
    )
    search_fields = ("number", "name", "public_id")
    ordering = ("switch", "number")
    decided_here = (
        "credit_without_debit",
        "may_open_customers",
        "may_lock_customers",
        "may_set_overdrafts",
        "may_see_margin",
    )
    identity = ("number", "name", "switch", "agent", "is_agent", "public_id", "viewed_at", "pages", "noted")
    money = ("balance", "overdraft", "spendable", "balance_at", "today_charges", "today_at")
    profile = ("lock_type", "rate_group", "opened_at", "expiry", "valid_until", "profile_at", "missing_since")
    fieldsets = (
        (None, {"fields": identity}),
        (_("Money"), {"fields": money}),
        (_("Decided here"), {"fields": decided_here}),
        (_("On the switch"), {"fields": profile}),
    )
    readonly_fields = (*identity, *money, *profile)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description=_("agent"), ordering="parent__number")
    def agent(self, account: Account) -> str:
        return link("accounts.account", account.parent.pk, account.parent.number) if account.parent else ""

    @admin.display(description=_("can be spent"))
    def spendable(self, account: Account) -> str:
        return money(account.spendable, account.switch.currency)

    @admin.display(description=_("last notes"))
    def noted(self, account: Account) -> SafeString:
        return last_notes(account.id)

    @admin.display(description=_("more"))
    def pages(self, account: Account) -> SafeString:
        """Links to everything kept of the account, and to the page that its customer sees."""
        kept = (
            (_("calls"), "calls_call"),
            (_("call days"), "calls_callday"),
            (_("changes of calls"), "calls_callchange"),
            (_("records that could not be read"), "calls_unreadablerecord"),
            (_("days asked for"), "calls_backfill"),
            (_("payments"), "balances_payment"),
            (_("charges"), "balances_charge"),
            (_("top-ups"), "topups_topup"),
            (_("payments by card"), "card_payments_cardpayment"),
            (_("files of calls"), "exports_export"),
            (_("batches"), "batches_batch"),
            (_("changes of customers"), "customers_customerchange"),
            (_("reconciliations"), "balances_reconciliation"),
            (_("cases"), "balances_case"),
            (_("memberships"), "accounts_membership"),
            (_("invitations"), "accounts_invitation"),
            (_("code phrases"), "accounts_claimphrase"),
            (_("notes"), "accounts_note"),
            (_("audit trail"), "accounts_auditentry"),
        )
        links = [(f"{reverse(f'admin:{model}_changelist')}?account={account.id}", label) for label, model in kept]
        customer = (reverse("overview", args=[account.public_id]), _("the customer's pages"))
        return format_html_join(" · ", '<a href="{}">{}</a>', [customer, *links])
