"""The page on which a person chooses the time zone in which they read times."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms.time_zone import TimeZoneForm
from accounts.services import people
from accounts.web.requests import LoggedInRequest


@require_http_methods(["GET", "HEAD", "POST"])
def time_zone(request: LoggedInRequest) -> HttpResponse:
    now = timezone.now()
    form = TimeZoneForm(request.POST if request.method == "POST" else None, user=request.user, now=now)
    if form.is_valid():
        people.choose_time_zone(user=request.user, time_zone=form.cleaned_data["time_zone"], now=now)
        messages.success(request, _("Times are shown in the time zone that you chose."))
        return redirect("mfa_index")
    return render(request, "accounts/time_zone.html", {"form": form})
