"""The page "Security": how a person logs in, and where they are logged in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from allauth.mfa.base.views import IndexView
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils import timezone

from accounts.lib.device_names import device_name
from accounts.models import AuditAction
from accounts.queries import second_factor
from accounts.services import audit
from accounts.web import fresh_login

MOST_SESSIONS = 20


@dataclass(frozen=True, kw_only=True)
class OpenSession:
    device: str
    ip: str
    seen_at: datetime
    is_this_one: bool


class Overview(IndexView):  # type: ignore[misc]  # allauth ships no types
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kept = UserSession.objects.purge_and_list(self.request.user)
        sessions = sorted(map(_open_session, kept), key=lambda one: (one.is_this_one, one.seen_at), reverse=True)
        return {
            **super().get_context_data(**kwargs),
            "must_add_a_factor": second_factor.is_missing(self.request.user),
            "sessions": sessions[:MOST_SESSIONS],
            "more_sessions": max(0, len(sessions) - MOST_SESSIONS),
        }


class Sessions(ListUserSessionsView):  # type: ignore[misc]  # allauth ships no types
    """Ends all sessions but this one."""

    success_url = reverse_lazy("mfa_index")

    @transaction.atomic
    def form_valid(self, form: Form) -> HttpResponse:
        user = self.request.user
        audit.note(action=AuditAction.LOGGED_OUT, now=timezone.now(), by=user, subject=user, text="every other session")
        return cast(HttpResponse, super().form_valid(form))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("mfa_index")


def _open_session(session: UserSession) -> OpenSession:
    return OpenSession(
        device=device_name(session.user_agent),
        ip=session.ip,
        seen_at=session.last_seen_at,
        is_this_one=session.is_current(),
    )


overview = Overview.as_view()


def sessions(request: HttpRequest) -> HttpResponse:
    """Ending the others wants a fresh login: a thief must not shut the owner out."""
    if request.method == "POST":
        fresh_login.require(request)
    return cast(HttpResponse, Sessions.as_view()(request))
