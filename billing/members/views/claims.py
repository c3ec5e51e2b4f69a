"""The page on which a visitor claims an account. Every claim gets the same answer, whether it is right or not."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.web import login_limits
from billing.members import services as members
from billing.members.forms.claims import ClaimForm
from billing.members.services import Claim

MOST_SWITCHES = 50


@login_not_required
@sensitive_post_parameters("phrase", "password")
@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest) -> HttpResponse:
    switches = list(members.claimable_switches()[:MOST_SWITCHES])
    if not switches:
        raise Http404("Nothing can be claimed")
    form = ClaimForm(request.POST if request.method == "POST" else None, switches=switches)
    if not form.is_valid():
        return render(request, "members/claim.html", {"form": form})
    said = Claim(**form.cleaned_data)
    login_limits.spend(request, "claim_from")
    login_limits.spend(request, "claim_of", key=f"{said.switch.pk} {said.number}")
    login_limits.spend(request, "claim_by", key=said.email.lower())
    members.claim(claim=said, now=timezone.now())
    return render(request, "members/claimed.html", {"email": said.email})
