"""One page on how a person logs in, and where they are logged in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from allauth.account.views import ConfirmEmailView, EmailView, PasswordSetView
from allauth.mfa.base.views import IndexView
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError, transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils import timezone

from accounts import audit, factors, services
from accounts.fresh import fresh_login_required, is_fresh, require_fresh_login
from accounts.models import AuditAction, User
from portal.devices import device

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
            "must_add_a_factor": factors.is_missing(self.request.user),
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


class Email(EmailView):  # type: ignore[misc]  # allauth ships no types
    """Asks for another address and sends a link there. The present one counts until that link was opened."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Of whom a command made, allauth knows nothing yet, and it would take the first address for the only one.
        if isinstance(request.user, User):
            services.ensure_address(request.user)
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response

    def _action_primary(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Nobody takes an address for their own that they have not shown to be theirs."""

    def _action_remove(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """An address that was asked for and not confirmed does nothing; the next one takes its place."""


class ConfirmEmail(ConfirmEmailView):  # type: ignore[misc]  # allauth ships no types
    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            with transaction.atomic():
                response: HttpResponse = super().post(*args, **kwargs)
        except IntegrityError:
            messages.error(self.request, "Another login has this address.")
            return redirect("home")
        return response


def _open_session(session: UserSession) -> OpenSession:
    return OpenSession(
        device=device(session.user_agent),
        ip=session.ip,
        seen_at=session.last_seen_at,
        is_this_one=session.is_current(),
    )


@fresh_login_required  # type: ignore[untyped-decorator]  # allauth ships no types
def _password_set(request: HttpRequest) -> HttpResponse:
    return cast(HttpResponse, PasswordSetView.as_view()(request))


def password_set(request: HttpRequest) -> HttpResponse:
    """Without a password there is no old one to ask for, so a fresh login stands for it.

    What is sent before one waits in the session meanwhile, where a password must not be: it is asked for once more.
    """
    if request.method == "POST" and not is_fresh(request):
        return redirect(request.path)
    return cast(HttpResponse, _password_set(request))


def sessions(request: HttpRequest) -> HttpResponse:
    """Ending the others is for whoever shows once more that it is them: a thief must not shut the owner out."""
    if request.method == "POST":
        require_fresh_login(request)
    return cast(HttpResponse, Sessions.as_view()(request))


overview = Overview.as_view()
email = Email.as_view()
confirm_email = login_not_required(ConfirmEmail.as_view())
