"""What every page of the staff site shares: nothing there counts or lists without a bound."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.contrib import admin
from django.core import paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import Account

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, TabularInline
    from django.contrib.admin.views.main import ChangeList
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
]

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Model)

LIST_BOUND = 1000


class BoundedPaginator(Paginator[M]):
    """Pages over the first rows alone: neither a count nor an offset ever walks a whole table."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        return rows[:LIST_BOUND].count() if isinstance(rows, QuerySet) else min(len(rows), LIST_BOUND)


class BoundedAdmin(ModelAdmin[M]):
    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0
    show_facets = admin.ShowFacets.NEVER  # they count the whole table once per choice

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False


class ReadOnlyAdmin(BoundedAdmin[M]):
    """Rows that only the portal writes: money, calls, and what is known of them.

    `ordering_of_account` is for the list of one account, where an index serves it; the list of all goes by key.
    """

    ordering = ("-id",)
    ordering_of_account: tuple[str, ...] = ()

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

    def has_add_permission(self, request: HttpRequest, obj: P | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: P | None = None) -> bool:
        return False


class OfAccount(admin.SimpleListFilter):
    """Rows of the account named in the address; it is chosen by a link on the account's page."""

    title = "account"
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        account = self._account()
        return [(str(account.id), str(account))] if account else [("", "Choose one under Accounts")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[M]) -> QuerySet[M]:
        if self.value() is None:
            return self.without_account(queryset)
        account = self._account()
        return queryset.filter(account=account) if account else queryset.none()

    def without_account(self, rows: QuerySet[M]) -> QuerySet[M]:
        return rows

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        everything, *chosen = super().choices(changelist)
        if self._account():
            yield from (everything, *chosen)
        else:
            # The template makes a link of it, relative to this list.
            accounts = reverse("admin:accounts_account_changelist")
            yield {**everything, "display": self.lookup_choices[0][1], "query_string": accounts}

    def _account(self) -> Account | None:
        value = self.value() or ""
        if not value.isascii() or not value.isdigit() or len(value) > 18:
            return None
        return Account.objects.filter(id=int(value)).first()


class OfChosenAccount(OfAccount):
    """For tables too large to be listed as a whole: nothing until an account is chosen."""

    def without_account(self, rows: QuerySet[M]) -> QuerySet[M]:
        return rows.none()
