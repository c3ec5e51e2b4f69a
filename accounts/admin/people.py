from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import ManyToManyField, QuerySet
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from accounts import fresh, invitations, notices, owners, services
from accounts.admin.trail import last_notes
from accounts.admin_base import BoundedAdmin, ModelForm, OfAccount, ReadOnlyAdmin, acting, link, member_of_staff
from accounts.admin_filters import OfPerson, in_words
from accounts.models import Account, AuditAction, Invitation, Membership, Role, User
from accounts.models.switch import check_time_zone
from accounts.money import money
from accounts.owners import LastOwner

LAST_OWNER = "Nobody else is an owner of {}: let somebody be that first."
NO_OWNER = "Nobody who may log in is an owner of {} any more: let somebody be that."


class UserForm(ModelForm[User]):
    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()

    def clean_time_zone(self) -> str:
        name = str(self.cleaned_data["time_zone"]).strip()
        if name:
            check_time_zone(name)
        return name


@admin.register(User)
class UserAdmin(BoundedAdmin[User]):
    """People have no password here: they get a mail and choose one.

    Whoever decides who gets in, and by what, shows once more that it is them; so it is for memberships.
    """

    form = UserForm
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_staff", "is_active", "groups")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ("groups",)
    readonly_fields = ("last_login", "date_joined", "pages")
    actions = ("send_password_mail", "forget_factors")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        staff = ["is_staff", "groups"]
        if request.user.is_superuser:
            staff.append("is_superuser")
        return (
            (None, {"fields": ("email", "name", "time_zone", "is_active")}),
            ("Staff", {"fields": staff}),
            *([("More", {"fields": ("last_login", "date_joined", "pages")})] if obj else []),
        )

    @admin.display(description="more")
    def pages(self, user: User) -> SafeString:
        """Links to what is kept of the person."""
        kept = (
            ("memberships", "accounts_membership", {"user": user.pk}),
            ("top-ups asked for", "billing_topup", {"q": user.email}),
            ("audit trail", "accounts_auditentry", {"user": user.pk}),
        )
        links = ((f"{reverse(f'admin:{model}_changelist')}?{urlencode(query)}", label) for label, model, query in kept)
        return format_html_join(" · ", '<a href="{}">{}</a>', links)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # Filters in the address would tell a password's hash, letter by letter.
        return not lookup.startswith("password") and super().lookup_allowed(lookup, value, request)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if not super().has_change_permission(request, obj):
            return False
        return obj is None or services.may_manage(by=member_of_staff(request), user=obj)

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelMultipleChoiceField[Any] | None:
        if db_field.remote_field.model is Group:
            kwargs["queryset"] = services.groups_to_give(member_of_staff(request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: forms.Form, change: bool) -> None:
        fresh.require_fresh_login(request)
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        services.confirm_address(obj)
        if change and "email" in form.changed_data:
            before = str(form.initial["email"])
            notices.address_changed(before=before, now=timezone.now())
        if change and not obj.is_active:
            self._tell_of_the_orphaned(request, obj)

    def _tell_of_the_orphaned(self, request: HttpRequest, user: User) -> None:
        """A login is closed when it has to be, also that of an account's last owner."""
        for account in owners.orphaned(list(user.memberships.all())):
            self.message_user(request, NO_OWNER.format(account), messages.WARNING)

    @admin.action(description="Send a mail to choose a password", permissions=["change"])
    def send_password_mail(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        people = self._manageable(request, queryset.filter(is_active=True))
        for user in people:
            services.send_password_mail(user=user, request=request)
            self._note(request, AuditAction.RESENT, user, "the mail to choose a password")
        self.message_user(request, f"Mails sent: {len(people)}.", messages.SUCCESS)

    @admin.action(description="Forget the authenticator app, recovery codes and passkeys", permissions=["change"])
    def forget_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in self._manageable(request, queryset):
            if services.forget_factors(user, now=timezone.now()):
                self._note(request, AuditAction.FACTOR_REMOVED, user, "authenticator app, recovery codes and passkeys")
                self.message_user(request, f"{user.email} logs in with the password alone again.", messages.SUCCESS)

    def _manageable(self, request: HttpRequest, people: QuerySet[User]) -> list[User]:
        fresh.require_fresh_login(request)
        return [user for user in people if self.has_change_permission(request, user)]


class MembershipForm(ModelForm[Membership]):
    """Nobody of the staff lets themselves in, or makes themselves more: that takes a second person."""

    by: User

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        membership = self.instance
        user = membership.user if membership.pk else self.cleaned_data.get("user")
        if user == self.by:
            raise forms.ValidationError("This is your own login: somebody else of the staff has to do it.")
        if membership.pk and self.cleaned_data.get("role") != Role.OWNER:
            self._keep_an_owner(membership)
        return cleaned

    def _keep_an_owner(self, membership: Membership) -> None:
        owners.hold(membership.account)
        try:
            owners.keep_one(membership)
        except LastOwner as error:
            raise forms.ValidationError(LAST_OWNER.format(membership.account)) from error


@admin.register(Membership)
class MembershipAdmin(BoundedAdmin[Membership]):
    form = MembershipForm
    list_display = ("user", "of_account", "role", "created_at")
    list_select_related = ("user", "account")
    list_filter = (OfAccount, OfPerson, "role")
    search_fields = ("user__email", "account__number", "account__name")
    ordering = ("-id",)
    raw_id_fields = ("user", "account")

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        return request.user.has_perm("accounts.delete_membership")

    def get_form(self, request: HttpRequest, obj: Membership | None = None, change: bool = False, **kwargs: Any) -> Any:
        # A class of its own for each request.
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.by = member_of_staff(request)
        return form

    def get_deleted_objects(self, objs: Sequence[Membership] | QuerySet[Membership], request: HttpRequest) -> Any:
        deleted, counts, needed, protected = super().get_deleted_objects(objs, request)
        kept = [LAST_OWNER.format(account) for account in owners.orphaned(list(objs))]
        return deleted, counts, needed, [*protected, *kept]

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        # Whose it is and of what is settled when it is made; another one is another membership.
        return ("user", "account") if obj else ()

    def save_model(self, request: HttpRequest, obj: Membership, form: forms.Form, change: bool) -> None:
        fresh.require_fresh_login(request)
        super().save_model(request, obj, form, change)
        if not change:
            notices.member_joined(obj, now=timezone.now())
        elif "role" in form.changed_data:
            if obj.role != Role.OWNER:
                self._end_invitations(request, obj)
            notices.role_changed(obj, now=timezone.now())

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        fresh.require_fresh_login(request)
        user, account = obj.user, obj.account
        owners.hold(account)
        owners.keep_one(obj)
        super().delete_model(request, obj)
        self._end_invitations(request, obj)
        notices.member_removed(user=user, account=account, now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for membership in queryset.select_related("user", "account"):
            self.delete_model(request, membership)

    def _end_invitations(self, request: HttpRequest, ended: Membership) -> None:
        by = acting(request, ended.account)
        invitations.end_with(user=ended.user, account=ended.account, by=by, now=timezone.now())


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin[Invitation]):
    """Sent again or taken back on the members' page of the account."""

    list_display = ("email", "of_account", "role", "source", "invited_by", "created_at", "expires_at", "accepted_at")
    list_select_related = ("account", "invited_by")
    list_filter = (OfAccount, "source", ("accepted_at", in_words("state", empty="not accepted", filled="accepted")))
    search_fields = ("email", "account__number", "account__name")


@admin.register(Account)
class AccountAdmin(BoundedAdmin[Account]):
    """As last seen on the switch, which alone changes it; only what the portal itself decides can be edited."""

    list_display = ("number", "name", "switch", "agent", "balance", "spendable", "balance_at")
    list_select_related = ("switch", "parent")
    list_filter = (
        "switch",
        "is_agent",
        "lock_type",
        ("missing_since", in_words("on the switch", empty="there", filled="missing")),
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
        ("Money", {"fields": money}),
        ("Decided here", {"fields": decided_here}),
        ("On the switch", {"fields": profile}),
    )
    readonly_fields = (*identity, *money, *profile)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="agent", ordering="parent__number")
    def agent(self, account: Account) -> str:
        return link("accounts.account", account.parent.pk, account.parent.number) if account.parent else ""

    @admin.display(description="can be spent")
    def spendable(self, account: Account) -> str:
        return money(account.spendable, account.switch.currency)

    @admin.display(description="last notes")
    def noted(self, account: Account) -> SafeString:
        return last_notes(account.id)

    @admin.display(description="more")
    def pages(self, account: Account) -> SafeString:
        """Links to everything kept of the account, and to the page that its customer sees."""
        kept = (
            ("calls", "billing_call"),
            ("call days", "billing_callday"),
            ("changes of calls", "billing_callchange"),
            ("records that could not be read", "billing_unreadablerecord"),
            ("days asked for", "billing_backfill"),
            ("payments", "billing_payment"),
            ("charges", "billing_charge"),
            ("top-ups", "billing_topup"),
            ("payments by card", "billing_onlinepayment"),
            ("files of calls", "billing_export"),
            ("batches", "billing_batch"),
            ("changes of customers", "billing_customerchange"),
            ("reconciliations", "billing_reconciliation"),
            ("cases", "billing_case"),
            ("memberships", "accounts_membership"),
            ("invitations", "accounts_invitation"),
            ("code phrases", "accounts_claimphrase"),
            ("notes", "accounts_note"),
            ("audit trail", "accounts_auditentry"),
        )
        links = [(f"{reverse(f'admin:{model}_changelist')}?account={account.id}", label) for label, model in kept]
        customer = (reverse("overview", args=[account.public_id]), "the customer's pages")
        return format_html_join(" · ", '<a href="{}">{}</a>', [customer, *links])
