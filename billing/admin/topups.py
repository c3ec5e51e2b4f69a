from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from accounts.admin_base import OfAccount, ReadOnlyAdmin, ReadOnlyInline
from accounts.models import User
from billing.forms.decision import DecisionForm
from billing.models import TopUp, TopUpState, Transition
from billing.services import decisions


class TransitionInline(ReadOnlyInline[Transition, TopUp]):
    model = Transition
    fields = ("at", "from_state", "to_state", "by", "why", "evidence")
    readonly_fields = fields
    verbose_name_plural = "what became of it"


@admin.register(TopUp)
class TopUpAdmin(ReadOnlyAdmin[TopUp]):
    """Nobody edits a top-up; one that is in review is decided on a page of its own."""

    list_display = ("reference", "account", "amount", "kind", "state", "requested_by", "requested_at", "settled_at")
    list_select_related = ("account", "requested_by")
    list_filter = ("state", OfAccount, "kind", "source", "requested_at")
    search_fields = ("=reference", "account__number", "account__name", "requested_by__email")
    ordering_of_account = ("-requested_at", "-id")
    inlines = (TransitionInline,)

    def get_urls(self) -> list[URLPattern]:
        decide = path(
            "<int:topup_id>/decide/", self.admin_site.admin_view(self.decide_view), name="billing_topup_decide"
        )
        return [decide, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may_decide = {"may_decide": request.user.has_perm("billing.change_topup")}
        return super().change_view(request, object_id, form_url, {**may_decide, **(extra_context or {})})

    def decide_view(self, request: HttpRequest, topup_id: int) -> HttpResponse:
        topup = TopUp.objects.select_related("account__switch", "requested_by").filter(id=topup_id).first()
        if topup is None:
            raise Http404("No such top-up")
        if not request.user.has_perm("billing.change_topup") or not isinstance(request.user, User):
            raise PermissionDenied
        if topup.state != TopUpState.REVIEW:
            self.message_user(request, f"{topup} is not waiting for a decision.", messages.WARNING)
            return redirect("admin:billing_topup_change", topup.pk)
        form = DecisionForm(request.POST or None, candidates=decisions.candidates(topup))
        if form.is_valid() and self._decide(request, topup, form, request.user):
            return redirect("admin:billing_topup_change", topup.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Decide about {topup}",
            "topup": topup,
            "form": form,
        }
        return TemplateResponse(request, "admin/billing/topup/decide.html", context)

    def _decide(self, request: HttpRequest, topup: TopUp, form: DecisionForm, by: User) -> bool:
        try:
            decided = decisions.decide(topup=topup, by=by, now=timezone.now(), **form.decision())
        except decisions.DecisionRefused as error:
            form.add_error(None, str(error))
            return False
        self.message_user(request, f"{decided} is now {decided.get_state_display()}.", messages.SUCCESS)
        return True
