from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from accounts.models import User
from billing.topups.admin.forms import DecisionForm
from billing.topups.admin.pages import TopUpPages
from billing.topups.models import TopUp, TopUpState
from billing.topups.services import decisions


class DecisionPages(TopUpPages):
    """A top-up in review is decided on a page that shows everything seen of it."""

    def get_urls(self) -> list[URLPattern]:
        decide = path(
            "<int:topup_id>/decide/", self.admin_site.admin_view(self.decide_view), name="topups_topup_decide"
        )
        return [decide, *super().get_urls()]

    def decide_view(self, request: HttpRequest, topup_id: int) -> HttpResponse:
        by, topup = self.person(request, decisions.PERMISSION), self.topup(topup_id)
        if topup.state != TopUpState.REVIEW:
            self.message_user(request, f"{topup} is not waiting for a decision.", messages.WARNING)
            return redirect("admin:topups_topup_change", topup.pk)
        form = DecisionForm(request.POST or None, candidates=decisions.candidates(topup))
        if form.is_valid() and self._decide(request, topup, form, by):
            return redirect("admin:topups_topup_change", topup.pk)
        context = {**self.context(request, topup, f"Decide about {topup}"), "form": form}
        return TemplateResponse(request, "admin/topups/topup/decide.html", context)

    def _decide(self, request: HttpRequest, topup: TopUp, form: DecisionForm, by: User) -> bool:
        self.show_once_more(request, topup.account, topup.amount)
        try:
            decided = decisions.decide(topup=topup, by=by, now=timezone.now(), **form.decision())
        except decisions.DecisionRefused as error:
            form.add_error(None, str(error))
            return False
        self.message_user(request, f"{decided} is now {decided.get_state_display()}.", messages.SUCCESS)
        return True
