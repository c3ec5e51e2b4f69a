"""Keeps the lists of the staff site bounded: neither a count nor an order ever walks a whole table."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts.staff_pages.typed import Paginator

if TYPE_CHECKING:
    from accounts.staff_pages.base import StaffAdmin

M = TypeVar("M", bound=Model)

LIST_BOUND = 1000


class BoundedPaginator(Paginator[M]):
    """Pages over the first rows alone."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        return _counted(rows) if isinstance(rows, QuerySet) else min(len(rows), LIST_BOUND)


class BoundedChangeList(ChangeList):
    """A list that is longer than is shown is sorted by those columns alone that an index serves.

    The admin's class names them in `sortable_when_long`.
    """

    model_admin: StaffAdmin[Any]

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


def _counted(rows: QuerySet[M]) -> int:
    """As far as a list goes. In whatever order: the count of the first of them must not sort them all."""
    return rows.order_by()[:LIST_BOUND].count()
