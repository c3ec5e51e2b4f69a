"""What every page of the staff site shares: nothing there counts or lists without a bound."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.core import paginator
from django.db import transaction
from django.db.models import DecimalField, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts import audit
from accounts.access import Access
from accounts.admin_figures import AmountField, as_written
from accounts.admin_filters import OfAccount, OfChosenAccount
from accounts.models import Account, AuditAction, AuditEntry, User

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, TabularInline
    from django.core.paginator import Paginator
    from django.forms import ModelForm
else:
    # Django's own classes take no type parameters at run time.
    class Parametrised:
        __class_getitem__ = classmethod(lambda cls, _: cls)

    class ModelAdmin(Parametrised, admin.ModelAdmin):
        pass

    class TabularInline(Parametrised, admin.TabularInline):
        pass

    class ModelForm(Parametrised, forms.ModelForm):
        pass

    class Paginator(Parametrised, paginator.Paginator):
        pass


__all__ = [
    "BoundedAdmin",
    "BoundedPaginator",
    "ModelForm",
    "OfAccount",
    "OfChosenAccount",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "acting",
    "link",
    "linked",
    "member_of_staff",
]

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Model)

LIST_BOUND = 1000
HISTORY_BOUND = 100


def member_of_staff(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101  # the staff site lets nobody else in; this tells the types
    return request.user


def acting(request: HttpRequest, account: Account | None) -> User | Access:
    """As staff, also where they are a customer of that account as well."""
    user = member_of_staff(request)
    return Access(user=user, account=account, role=None, via=None, own_role=None) if account else user


def linked(row: Model | None) -> str:
    """A row's name, which leads to its page."""
    return link(row._meta.label_lower, row.pk, str(row)) if row else ""


def link(model: str, pk: object, name: str) -> str:
    """A name that leads to the page of a row, where its kind has pages: `model` is such as accounts.user."""
    try:
        page = reverse(f"admin:{model.replace('.', '_')}_change", args=[pk])
    except NoReverseMatch:
        return name
    return format_html('<a href="{}">{}</a>', page, name)


def _words(value: object) -> str:
    """A field's value as a form holds it: rows by their names, many of them in one line."""
    if value is None:
        return ""
    if isinstance(value, QuerySet | list | tuple):
        return ", ".join(sorted(str(one) for one in value))
    return str(value)


def _counted(rows: QuerySet[M]) -> int:
    """As far as a list goes. In whatever order: the count of the first of them must not sort them all."""
    return rows.order_by()[:LIST_BOUND].count()


class BoundedPaginator(Paginator[M]):
    """Pages over the first rows alone: neither a count nor an offset ever walks a whole table."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        return _counted(rows) if isinstance(rows, QuerySet) else min(len(rows), LIST_BOUND)


class BoundedChangeList(ChangeList):
    """What is longer than a list goes is sorted by that alone which an index serves."""

    model_admin: BoundedAdmin[Any]

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        rows = super().get_queryset(request, exclude_parameters)
        if self._is_served(self.params.get(ORDER_VAR, "")) or _counted(rows) < LIST_BOUND:
            return rows
        del self.params[ORDER_VAR]
        return rows.order_by(*self.get_ordering(request, rows.order_by()))

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        served = self.model_admin.sortable_when_long
        if served is not None and self.result_count >= LIST_BOUND:
            self.sortable_by = served

    def _is_served(self, chosen: str) -> bool:
        served = self.model_admin.sortable_when_long
        if served is None or not chosen:
            return True
        places = {str(place) for place, name in enumerate(self.list_display) if name in served}
        return {part.removeprefix("-") for part in chosen.split(".")} <= places


class RecordedAdmin(ModelAdmin[M]):
    """What staff add, change, remove and look at goes into the audit trail, in place of admin's own log."""

    def construct_change_message(  # type: ignore[override]  # the trail wants what changed, not sentences
        self, request: HttpRequest, form: forms.Form, formsets: Iterable[object], add: bool = False
    ) -> audit.Changes:
        before = {} if add else {name: _words(form.initial.get(name)) for name in form.changed_data}
        return audit.changed(before, {name: _words(form.cleaned_data.get(name)) for name in form.changed_data})

    def log_addition(self, request: HttpRequest, obj: M, message: audit.Changes | str) -> None:  # type: ignore[override]  # as above
        self._note(request, AuditAction.ADDED, obj, message)

    def log_change(self, request: HttpRequest, obj: M, message: audit.Changes | str) -> None:  # type: ignore[override]  # as above
        if message:
            self._note(request, AuditAction.CHANGED, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[M]) -> None:  # type: ignore[override]  # as above
        for row in queryset:
            self._note(request, AuditAction.REMOVED, row)

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
            self._look(request, audit.account_of(obj))
        return super().render_change_form(request, context, add, change, form_url, obj)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        with transaction.atomic():
            return super().delete_view(request, object_id, extra_context)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        with transaction.atomic():
            page = super().changelist_view(request, extra_context)
            if request.method == "GET" and page.status_code == 200:
                self._look(request, OfAccount.chosen(request))
        return page

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        entries = AuditEntry.objects.filter(
            subject_type=self.opts.label_lower, subject_id=unquote(object_id)[:40]
        ).order_by("-at", "-id")[:HISTORY_BOUND]
        return super().history_view(request, object_id, {"entries": entries, **(extra_context or {})})

    def _note(self, request: HttpRequest, action: AuditAction, row: M, what: audit.Changes | str = "") -> None:
        text, changes = (what, None) if isinstance(what, str) else ("", what)
        by = acting(request, audit.account_of(row))
        audit.note(action=action, now=timezone.now(), by=by, subject=row, text=text, changes=changes)

    def _look(self, request: HttpRequest, account: Account | None) -> None:
        by = acting(request, account)
        if isinstance(by, Access):
            audit.look(access=by, path=request.get_full_path(), now=timezone.now())


class BoundedAdmin(RecordedAdmin[M]):
    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0
    # The columns by which a list is sorted that is longer than is shown; None: by any.
    sortable_when_long: tuple[str, ...] | None = None
    show_facets = admin.ShowFacets.NEVER  # they count the whole table once per choice
    formfield_overrides: ClassVar[Any] = {DecimalField: {"form_class": AmountField}}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BoundedChangeList

    def get_list_display(self, request: HttpRequest) -> Any:
        return as_written(self.model, super().get_list_display(request))

    def get_readonly_fields(self, request: HttpRequest, obj: M | None = None) -> Any:
        return as_written(self.model, super().get_readonly_fields(request, obj))

    def get_fieldsets(self, request: HttpRequest, obj: M | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        return [
            (name, {**options, "fields": self._shown(request, obj, options["fields"])}) for name, options in fieldsets
        ]

    def _shown(self, request: HttpRequest, obj: M | None, fields: Any) -> list[Any]:
        """What can only be read is written; what can be changed stays a field."""
        if not self.has_change_permission(request, obj):
            return as_written(self.model, fields)
        readonly = self.get_readonly_fields(request, obj)
        written = as_written(self.model, fields)
        return [shown if shown in readonly else name for name, shown in zip(fields, written, strict=True)]

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    @admin.display(description="account", ordering="account__number")
    def of_account(self, row: M) -> str:
        """The row's account as a link, for lists."""
        return linked(audit.account_of(row))


class ReadOnlyAdmin(BoundedAdmin[M]):
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
