from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Role, User
from accounts.services import invitations, last_owner, notices
from accounts.services.last_owner import LastOwner
from accounts.staff_pages.actor import acting, member_of_staff
from accounts.staff_pages.base import StaffAdmin
from accounts.staff_pages.filters import OfAccount, OfPerson
from accounts.staff_pages.typed import ModelForm
from accounts.web import fresh_login

LAST_OWNER = _("%(account)s has no other owner: make another member an owner first.")


class MembershipForm(ModelForm[Membership]):
    """Staff never let themselves in, or give themselves another role: that takes a second person."""

    by: User

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        membership = self.instance
        user = membership.user if membership.pk else self.cleaned_data.get("user")
        if user == self.by:
            raise forms.ValidationError(_("This is your own login: a colleague has to do it."))
        if membership.pk and self.cleaned_data.get("role") != Role.OWNER:
            self._keep_an_owner(membership)
        return cleaned

    def _keep_an_owner(self, membership: Membership) -> None:
        last_owner.lock(membership.account)
        try:
            last_owner.keep_one(membership)
        except LastOwner as error:
            raise forms.ValidationError(LAST_OWNER, "last_owner", {"account": membership.account}) from error


@admin.register(Membership)
class MembershipAdmin(StaffAdmin[Membership]):
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
        kept = [LAST_OWNER % {"account": account} for account in last_owner.orphaned(list(objs))]
        return deleted, counts, needed, [*protected, *kept]

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        # Whose it is and of what is settled when it is made; another one is another membership.
        return ("user", "account") if obj else ()

    def save_model(self, request: HttpRequest, obj: Membership, form: forms.Form, change: bool) -> None:
        fresh_login.require(request)
        super().save_model(request, obj, form, change)
        if not change:
            notices.member_joined(obj, now=timezone.now())
        elif "role" in form.changed_data:
            if obj.role != Role.OWNER:
                self._end_invitations(request, obj)
            notices.role_changed(obj, now=timezone.now())

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        fresh_login.require(request)
        user, account = obj.user, obj.account
        last_owner.lock(account)
        last_owner.keep_one(obj)
        super().delete_model(request, obj)
        self._end_invitations(request, obj)
        notices.member_removed(user=user, account=account, now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for membership in queryset.select_related("user", "account"):
            self.delete_model(request, membership)

    def _end_invitations(self, request: HttpRequest, ended: Membership) -> None:
        by = acting(request, ended.account)
        invitations.end_with(user=ended.user, account=ended.account, by=by, now=timezone.now())
