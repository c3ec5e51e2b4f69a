"""The staff pages of a re-issue: one person asks for it, another answers, both with all evidence about the top-up."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from billing.topups.admin.forms import AnswerForm, ReissueForm
from billing.topups.admin.pages import TopUps, page, person_with, require_fresh_login, topup_context, topup_or_404
from billing.topups.models import Answer, Reissue, TopUp, TopUpState
from billing.topups.services import reissues


def urls(admin: TopUps) -> list[URLPattern]:
    return [
        page(admin, "<int:topup_id>/reissue/", reissue_view, "reissue"),
        page(admin, "<int:topup_id>/reissue/<int:reissue_id>/", answer_view, "reissue_answer"),
    ]


def reissue_view(admin: TopUps, request: HttpRequest, topup_id: int) -> HttpResponse:
    """Ask for a re-issue. While one is open, the page leads to its answer."""
    by, topup = person_with(request, reissues.PERMISSION), topup_or_404(topup_id)
    waiting = topup.reissues.filter(answer=Answer.OPEN).first()
    if waiting is not None:
        return redirect("admin:reissue_answer", topup.pk, waiting.pk)
    context = topup_context(admin, request, topup, _("Issue %(topup)s again") % {"topup": topup})
    if topup.state == TopUpState.NOT_APPLIED and not hasattr(topup, "reissued_as"):
        form = context["form"] = ReissueForm(request.POST or None)
        if form.is_valid() and _request(request, topup, form, by):
            return redirect("admin:topups_topup_change", topup.pk)
    return TemplateResponse(request, "admin/topups/topup/reissue.html", context)


def answer_view(admin: TopUps, request: HttpRequest, topup_id: int, reissue_id: int) -> HttpResponse:
    """Approve or decline a re-issue that was asked for."""
    by, topup = person_with(request, reissues.PERMISSION), topup_or_404(topup_id)
    reissue = get_object_or_404(Reissue.objects.select_related("requested_by", "topup"), pk=reissue_id, topup=topup)
    if reissue.answer:
        known = {"answer": reissue.get_answer_display()}
        messages.warning(request, _("The request was %(answer)s already.") % known)
        return redirect("admin:topups_topup_change", topup.pk)
    form = AnswerForm(request.POST or None)
    if form.is_valid() and form.cleaned_data["answer"] == Answer.APPROVED:
        require_fresh_login(request, topup.account, topup.amount)
    if form.is_valid() and _answer(request, reissue, form, by):
        return redirect("admin:topups_topup_change", topup.pk)
    context = {
        **topup_context(admin, request, topup, _("Issue %(topup)s again?") % {"topup": topup}),
        "form": form,
        "reissue": reissue,
        "not_by": reissues.not_by(reissue=reissue, person=by),
    }
    return TemplateResponse(request, "admin/topups/topup/reissue.html", context)


def _request(request: HttpRequest, topup: TopUp, form: ReissueForm, by: User) -> bool:
    try:
        reissues.request(topup=topup, by=by, why=form.cleaned_data["why"], now=timezone.now())
    except reissues.ReissueRefused as error:
        form.add_error(None, str(error.because))
        return False
    messages.success(request, _("Asked for. A colleague has to approve it."))
    return True


def _answer(request: HttpRequest, reissue: Reissue, form: AnswerForm, by: User) -> bool:
    answer, why = form.cleaned_data["answer"], form.cleaned_data["why"]
    try:
        if answer == Answer.APPROVED:
            new = reissues.approve(reissue=reissue, by=by, why=why, now=timezone.now())
            done = _("It is sent again as %(topup)s.") % {"topup": new}
        else:
            reissues.decline(reissue=reissue, by=by, why=why, now=timezone.now())
            done = _("Declined: nothing is sent.")
    except reissues.ReissueRefused as error:
        form.add_error(None, str(error.because))
        return False
    messages.success(request, done)
    return True
