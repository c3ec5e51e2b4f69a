"""The staff page on which a person decides about a top-up in review, with all evidence about it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from billing.topups.admin.forms import DecisionForm
from billing.topups.admin.pages import TopUps, page, person_with, require_fresh_login, topup_context, topup_or_404
from billing.topups.models import TopUp, TopUpState
from billing.topups.services import decisions


def urls(admin: TopUps) -> list[URLPattern]:
    return [page(admin, "<int:topup_id>/decide/", decide_view, "topups_topup_decide")]


def decide_view(admin: TopUps, request: HttpRequest, topup_id: int) -> HttpResponse:
    by, topup = person_with(request, decisions.PERMISSION), topup_or_404(topup_id)
    if topup.state != TopUpState.REVIEW:
        messages.warning(request, _("%(topup)s is not waiting for a decision.") % {"topup": topup})
        return redirect("admin:topups_topup_change", topup.pk)
    form = DecisionForm(request.POST or None, candidates=decisions.candidates(topup))
    if form.is_valid() and _decide(request, topup, form, by):
        return redirect("admin:topups_topup_change", topup.pk)
    title = _("Decide about %(topup)s") % {"topup": topup}
    context = {**topup_context(admin, request, topup, title), "form": form}
    return TemplateResponse(request, "admin/topups/topup/decide.html", context)


def _decide(request: HttpRequest, topup: TopUp, form: DecisionForm, by: User) -> bool:
    require_fresh_login(request, topup.account, topup.amount)
    try:
        decided = decisions.decide(topup=topup, by=by, now=timezone.now(), **form.decision())
    except decisions.DecisionRefused as error:
        form.add_error(None, str(error.because))
        return False
    done = {"topup": decided, "state": decided.get_state_display()}
    messages.success(request, _("%(topup)s is now %(state)s.") % done)
    return True
