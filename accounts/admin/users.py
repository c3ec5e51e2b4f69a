from __future__ import annotations

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
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import AuditAction, User
from accounts.models.switch import check_time_zone
from accounts.queries import staff_rights
from accounts.services import last_owner, notices, people, second_factor
from accounts.staff_pages import recording
from accounts.staff_pages.actor import member_of_staff
from accounts.staff_pages.base import StaffAdmin
from accounts.staff_pages.typed import ModelForm
from accounts.web import fresh_login

NO_OWNER = _("%(account)s has no owner left who may log in: make another member an owner.")


class UserForm(ModelForm[User]):
    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()

    def clean_time_zone(self) -> str:
        name = str(self.cleaned_data["time_zone"]).strip()
        if name:
            check_time_zone(name)
        return name


@admin.register(User)
class UserAdmin(StaffAdmin[User]):
    """Logins, which staff make without a password: people get a mail and choose one.

    Staff who decide who gets in, and by what, show once more that it is them; so they do for memberships.
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
            (_("Staff"), {"fields": staff}),
            *([(_("More"), {"fields": ("last_login", "date_joined", "pages")})] if obj else []),
        )

    @admin.display(description=_("more"))
    def pages(self, user: User) -> SafeString:
        """Links to what is kept of the person."""
        kept = (
            (_("memberships"), "accounts_membership", {"user": user.pk}),
            (_("top-ups asked for"), "topups_topup", {"q": user.email}),
            (_("audit trail"), "accounts_auditentry", {"user": user.pk}),
        )
        links = ((f"{reverse(f'admin:{model}_changelist')}?{urlencode(query)}", label) for label, model, query in kept)
        return format_html_join(" · ", '<a href="{}">{}</a>', links)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # Filters in the address would tell a password's hash, letter by letter.
        return not lookup.startswith("password") and super().lookup_allowed(lookup, value, request)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if not super().has_change_permission(request, obj):
            return False
        return obj is None or staff_rights.may_manage(by=member_of_staff(request), user=obj)

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelMultipleChoiceField[Any] | None:
        if db_field.remote_field.model is Group:
            kwargs["queryset"] = staff_rights.groups_to_give(member_of_staff(request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: forms.Form, change: bool) -> None:
        fresh_login.require(request)
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        people.confirm_address(obj)
        if change and "email" in form.changed_data:
            before = str(form.initial["email"])
            notices.address_changed(before=before, now=timezone.now())
        if change and not obj.is_active:
            self._tell_of_the_orphaned(request, obj)

    def _tell_of_the_orphaned(self, request: HttpRequest, user: User) -> None:
        """A login is closed when it has to be, also that of an account's last owner."""
        for account in last_owner.orphaned(list(user.memberships.all())):
            self.message_user(request, NO_OWNER % {"account": account}, messages.WARNING)

    @admin.action(description=_("Send a mail to choose a password"), permissions=["change"])
    def send_password_mail(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        chosen = self._manageable(request, queryset.filter(is_active=True))
        for user in chosen:
            people.send_password_mail(user=user, request=request)
            recording.record(request, AuditAction.RESENT, user, "the mail to choose a password")
        count = len(chosen)
        sent = ngettext("Mails sent: %(count)d.", "Mails sent: %(count)d.", count) % {"count": count}
        self.message_user(request, sent, messages.SUCCESS)

    @admin.action(description=_("Forget the authenticator app, recovery codes and passkeys"), permissions=["change"])
    def forget_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in self._manageable(request, queryset):
            if second_factor.forget_factors(user, now=timezone.now()):
                recording.record(
                    request, AuditAction.FACTOR_REMOVED, user, "authenticator app, recovery codes and passkeys"
                )
                self.message_user(
                    request,
                    _("%(email)s logs in with the password alone again.") % {"email": user.email},
                    messages.SUCCESS,
                )

    def _manageable(self, request: HttpRequest, people: QuerySet[User]) -> list[User]:
        fresh_login.require(request)
        return [user for user in people if self.has_change_permission(request, user)]
