"""The two classes that every page of the staff site is made from.

They only tie Django's hooks to what does the work: `recording`, `paging` and `amounts`, beside this file.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db import transaction
from django.db.models import DecimalField, Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditAction
from accounts.services import audit
from accounts.staff_pages import recording
from accounts.staff_pages.amounts import AmountField, as_written, as_written_unless_editable
from accounts.staff_pages.filters import OfAccount
from accounts.staff_pages.links import linked
from accounts.staff_pages.paging import BoundedChangeList, BoundedPaginator
from accounts.staff_pages.typed import ModelAdmin, TabularInline

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Model)


class StaffAdmin(ModelAdmin[M]):
    """Rows that staff may add or change. Whatever they do or look at is recorded, and every list is bounded.

    `sortable_when_long` names the columns by which a list is sorted that is longer than is shown; None: by any.
    """

    sortable_when_long: tuple[str, ...] | None = None

    paginator = BoundedPaginator
    list_per_page = 50
    list_max_show_all = 0
    # Both would count the whole table, facets once for each choice.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    formfield_overrides: ClassVar[Any] = {DecimalField: {"form_class": AmountField}}

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    @admin.display(description=_("account"), ordering="account__number")
    def of_account(self, row: M) -> str:
        """The row's account as a link, for lists."""
        return linked(audit.account_of(row))

    # -- Recorded: what is done, and what is looked at

    def construct_change_message(  # type: ignore[override]  # the trail wants what changed, not sentences
        self, request: HttpRequest, form: forms.Form, formsets: Iterable[object], add: bool = False
    ) -> audit.Changes:
        return recording.changes_of(form, is_new=add)

    def log_addition(self, request: HttpRequest, obj: M, message: audit.Changes | str) -> None:  # type: ignore[override]  # as above
        recording.record(request, AuditAction.ADDED, obj, message)

    def log_change(self, request: HttpRequest, obj: M, message: audit.Changes | str) -> None:  # type: ignore[override]  # as above
        if message:
            recording.record(request, AuditAction.CHANGED, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[M]) -> None:  # type: ignore[override]  # as above
        for row in queryset:
            recording.record(request, AuditAction.REMOVED, row)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        with transaction.atomic():
            return super().delete_view(request, object_id, extra_context)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: M | None = None,
    ) -> HttpResponse:
        if request.method == "GET":
            recording.record_look(request, audit.account_of(obj))
        return super().render_change_form(request, context, add, change, form_url, obj)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        with transaction.atomic():
            page = super().changelist_view(request, extra_context)
            if request.method == "GET" and page.status_code == 200:
                recording.record_look(request, OfAccount.chosen(request))
        return page

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        entries = recording.history_of(self.model, object_id)
        return super().history_view(request, object_id, {"entries": entries, **(extra_context or {})})

    # -- Bounded lists

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BoundedChangeList

    # -- Amounts written as everywhere else

    def get_list_display(self, request: HttpRequest) -> Any:
        return as_written(self.model, super().get_list_display(request))

    def get_readonly_fields(self, request: HttpRequest, obj: M | None = None) -> Any:
        return as_written(self.model, super().get_readonly_fields(request, obj))

    def get_fieldsets(self, request: HttpRequest, obj: M | None = None) -> Any:
        may_change = self.has_change_permission(request, obj)
        readonly = self.get_readonly_fields(request, obj) if may_change else None
        return [
            (name, {**options, "fields": as_written_unless_editable(self.model, options["fields"], readonly)})
            for name, options in super().get_fieldsets(request, obj)
        ]


class ReadOnlyAdmin(StaffAdmin[M]):
    """Rows that only the portal writes: money, calls, and what is known of them.

    `ordering_of_account` is for the list of one account, where an index serves it; the list of all goes by key.
    """

    ordering: ClassVar[Any] = ("-id",)
    ordering_of_account: tuple[str, ...] = ()
    sortable_when_long: tuple[str, ...] | None = ()

    def get_ordering(self, request: HttpRequest) -> Any:
        of_account = self.ordering_of_account if OfAccount.parameter_name in request.GET else ()
        return of_account or super().get_ordering(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False


class ReadOnlyInline(TabularInline[M, P]):
    """Rows of another kind that are listed on a row's page."""

    extra = 0
    can_delete = False

    def get_fields(self, request: HttpRequest, obj: P | None = None) -> Any:
        return as_written(self.model, super().get_fields(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: P | None = None) -> Any:
        return as_written(self.model, super().get_readonly_fields(request, obj))

    def has_add_permission(self, request: HttpRequest, obj: P | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: P | None = None) -> bool:
        return False
