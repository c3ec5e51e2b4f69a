"""Top-ups on the staff site: the list, and the page of each with all evidence about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.translation import gettext_lazy as _

from accounts.staff_pages.base import ReadOnlyAdmin
from accounts.staff_pages.filters import OfAccount
from billing.topups.admin import credits as credit_pages
from billing.topups.admin import decisions as decision_pages
from billing.topups.admin import reissues as reissue_pages
from billing.topups.admin.pages import evidence_context
from billing.topups.models import Answer, TopUp, TopUpState
from billing.topups.queries.progress import listed_after_all
from billing.topups.services import decisions, reissues


class OfReissue(admin.SimpleListFilter):
    """Narrows the list of top-ups by how far a re-issue has come."""

    title = _("re-issue")
    parameter_name = "reissue"
    CHOSEN: dict[str, tuple[Any, Callable[[], Q]]] = {
        "asked": (_("waits for a second person"), lambda: Q(reissues__answer=Answer.OPEN)),
        "done": (_("issued again"), lambda: Q(reissued_as__isnull=False)),
        "none": (
            _("not applied and not issued again"),
            lambda: Q(state=TopUpState.NOT_APPLIED, reissued_as__isnull=True),
        ),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, label) for value, (label, condition) in self.CHOSEN.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[TopUp]) -> QuerySet[TopUp]:
        chosen = self.CHOSEN.get(self.value() or "")
        return queryset.filter(chosen[1]()) if chosen else queryset


class ListedAfterAll(admin.SimpleListFilter):
    """Narrows the list to top-ups that were refused or found not applied, and that the switch lists all the same."""

    title = _("what the switch lists")
    parameter_name = "listed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("after_all", _("listed, though refused or not applied"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[TopUp]) -> QuerySet[TopUp]:
        return queryset.filter(pk__in=listed_after_all()) if self.value() else queryset


@admin.register(TopUp)
class TopUpAdmin(ReadOnlyAdmin[TopUp]):
    """Top-ups are never edited. What staff may do with one has pages of its own, in the modules beside this one."""

    list_display = ("reference", "of_account", "amount", "kind", "state", "requested_by", "requested_at", "settled_at")
    list_select_related = ("account__switch", "requested_by")
    list_filter = ("state", OfAccount, "kind", "source", OfReissue, ListedAfterAll, "requested_at")
    search_fields = (
        "=reference",
        # The other legs of a transfer are found by the reference that its people know, and by the debit's.
        "=credit__reference",
        "=gives_back__credit__reference",
        "=debit__reference",
        "account__number",
        "account__name",
        "requested_by__email",
    )
    ordering_of_account = ("-requested_at", "-id")

    def get_urls(self) -> list[URLPattern]:
        pages = (decision_pages, reissue_pages, credit_pages)
        return [*(url for page in pages for url in page.urls(self)), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        topup = self.get_object(request, object_id)
        shown = {} if topup is None else {**evidence_context(topup), "offer": _offered_page(request, topup)}
        return super().change_view(request, object_id, form_url, {**shown, **(extra_context or {})})


def _offered_page(request: HttpRequest, topup: TopUp) -> str:
    """Name the page on which this person may do something with the top-up now, or nothing."""
    if topup.state == TopUpState.REVIEW and request.user.has_perm(decisions.PERMISSION):
        return "decide"
    issued = hasattr(topup, "reissued_as")
    if topup.state == TopUpState.NOT_APPLIED and not issued and request.user.has_perm(reissues.PERMISSION):
        return "reissue"
    return ""
