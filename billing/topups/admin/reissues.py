from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from accounts.models import User
from billing.topups.admin.forms import AnswerForm, ReissueForm
from billing.topups.admin.pages import TopUpPages
from billing.topups.models import Answer, Reissue, TopUp, TopUpState
from billing.topups.services import reissues


class ReissuePages(TopUpPages):
    """One person asks for a re-issue, another answers, both on the page that shows everything seen."""

    def get_urls(self) -> list[URLPattern]:
        wrap, place = self.admin_site.admin_view, "<int:topup_id>/reissue/"
        return [
            path(place, wrap(self.reissue_view), name="reissue"),
            path(f"{place}<int:reissue_id>/", wrap(self.answer_view), name="reissue_answer"),
            *super().get_urls(),
        ]

    def reissue_view(self, request: HttpRequest, topup_id: int) -> HttpResponse:
        """Ask for it; whoever comes while it is asked for is led to the answer."""
        by, topup = self.person(request, reissues.PERMISSION), self.topup(topup_id)
        waiting = topup.reissues.filter(answer=Answer.OPEN).first()
        if waiting is not None:
            return redirect("admin:reissue_answer", topup.pk, waiting.pk)
        context = self.context(request, topup, f"Issue {topup} again")
        if topup.state == TopUpState.NOT_APPLIED and not hasattr(topup, "reissued_as"):
            form = context["form"] = ReissueForm(request.POST or None)
            if form.is_valid() and self._request(request, topup, form, by):
                return redirect("admin:topups_topup_change", topup.pk)
        return TemplateResponse(request, "admin/topups/topup/reissue.html", context)

    def answer_view(self, request: HttpRequest, topup_id: int, reissue_id: int) -> HttpResponse:
        by, topup = self.person(request, reissues.PERMISSION), self.topup(topup_id)
        reissue = get_object_or_404(Reissue.objects.select_related("requested_by", "topup"), pk=reissue_id, topup=topup)
        if reissue.answer:
            self.message_user(request, f"The request was {reissue.get_answer_display()} already.", messages.WARNING)
            return redirect("admin:topups_topup_change", topup.pk)
        form = AnswerForm(request.POST or None)
        if form.is_valid() and form.cleaned_data["answer"] == Answer.APPROVED:
            self.show_once_more(request, topup.account, topup.amount)
        if form.is_valid() and self._answer(request, reissue, form, by):
            return redirect("admin:topups_topup_change", topup.pk)
        context = {
            **self.context(request, topup, f"Issue {topup} again?"),
            "form": form,
            "reissue": reissue,
            "not_by": reissues.not_by(reissue=reissue, person=by),
        }
        return TemplateResponse(request, "admin/topups/topup/reissue.html", context)

    def _request(self, request: HttpRequest, topup: TopUp, form: ReissueForm, by: User) -> bool:
        try:
            reissues.request(topup=topup, by=by, why=form.cleaned_data["why"], now=timezone.now())
        except reissues.ReissueRefused as error:
            form.add_error(None, str(error))
            return False
        self.message_user(request, "Asked for. Somebody else has to approve it.", messages.SUCCESS)
        return True

    def _answer(self, request: HttpRequest, reissue: Reissue, form: AnswerForm, by: User) -> bool:
        answer, why = form.cleaned_data["answer"], form.cleaned_data["why"]
        try:
            if answer == Answer.APPROVED:
                new = reissues.approve(reissue=reissue, by=by, why=why, now=timezone.now())
                said = f"It is sent again as {new}."
            else:
                reissues.decline(reissue=reissue, by=by, why=why, now=timezone.now())
                said = "Declined: nothing is sent."
        except reissues.ReissueRefused as error:
            form.add_error(None, str(error))
            return False
        self.message_user(request, said, messages.SUCCESS)
        return True
