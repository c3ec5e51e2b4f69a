from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse

from accounts.staff_pages.filters import OfAccount
from billing.topups.admin.credits import CreditPages
from billing.topups.admin.decisions import DecisionPages
from billing.topups.admin.pages import everything_seen
from billing.topups.admin.reissues import ReissuePages
from billing.topups.models import Answer, TopUp, TopUpState
from billing.topups.queries.progress import listed_after_all
from billing.topups.services import decisions, reissues


class OfReissue(admin.SimpleListFilter):
    title = "re-issue"
    parameter_name = "reissue"
    CHOSEN: dict[str, tuple[str, Callable[[], Q]]] = {
        "asked": ("waits for a second person", lambda: Q(reissues__answer=Answer.OPEN)),
        "done": ("issued again", lambda: Q(reissued_as__isnull=False)),
        "none": ("not applied and not issued again", lambda: Q(state=TopUpState.NOT_APPLIED, reissued_as__isnull=True)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, label) for value, (label, _) in self.CHOSEN.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[TopUp]) -> QuerySet[TopUp]:
        chosen = self.CHOSEN.get(self.value() or "")
        return queryset.filter(chosen[1]()) if chosen else queryset


class ListedAfterAll(admin.SimpleListFilter):
    title = "what the switch lists"
    parameter_name = "listed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("after_all", "listed, though refused or not applied")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[TopUp]) -> QuerySet[TopUp]:
        return queryset.filter(pk__in=listed_after_all()) if self.value() else queryset


@admin.register(TopUp)
class TopUpAdmin(DecisionPages, ReissuePages, CreditPages):
    """Nobody edits a top-up. What a person may do with it has a page of its own, with everything that was seen."""

    list_display = ("reference", "of_account", "amount", "kind", "state", "requested_by", "requested_at", "settled_at")
    list_select_related = ("account__switch", "requested_by")
    list_filter = ("state", OfAccount, "kind", "source", OfReissue, ListedAfterAll, "requested_at")
    search_fields = ("=reference", "account__number", "account__name", "requested_by__email")
    ordering_of_account = ("-requested_at", "-id")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        topup = self.get_object(request, object_id)
        shown = {} if topup is None else {**everything_seen(topup), "offer": self._offer(request, topup)}
        return super().change_view(request, object_id, form_url, {**shown, **(extra_context or {})})

    def _offer(self, request: HttpRequest, topup: TopUp) -> str:
        """What this person may do with it now: the name of a page and no more."""
        if topup.state == TopUpState.REVIEW and request.user.has_perm(decisions.PERMISSION):
            return "decide"
        issued = hasattr(topup, "reissued_as")
        if topup.state == TopUpState.NOT_APPLIED and not issued and request.user.has_perm(reissues.PERMISSION):
            return "reissue"
        return ""
