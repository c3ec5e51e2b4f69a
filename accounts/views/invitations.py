"""The pages on which people come in by the link of an invitation.

The link itself only notes which invitation it is and leads on, so that its token stands in no other address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from accounts.forms.invitations import JoinForm
from accounts.models import Invitation, InvitationState, User
from accounts.queries.invitations import find_by_digest, find_by_token, needs_a_password, person_invited
from accounts.services import invitations
from accounts.services.invitations import InvitationClosed, NotTheirs
from accounts.web import rate_limits

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NOTED = "invitation"
CLOSED = {
    InvitationState.ACCEPTED: _("It was used already. If that was you, log in."),
    InvitationState.REVOKED: _("It was taken back, or a newer one was sent to you."),
    InvitationState.EXPIRED: _("It is too old. Ask the person who invited you for a new one."),
}
UNKNOWN = _("Please open the link in the mail once more, and mind that it is copied whole.")
CLOSED_LOGIN = _("Your login was closed by your provider, who can open it again.")


@login_not_required
@require_safe
def link(request: HttpRequest, token: str) -> HttpResponse:
    rate_limits.spend(request, "invitation")
    found = find_by_token(token)
    if found is None:
        request.session.pop(NOTED, None)
    else:
        request.session[NOTED] = found.digest
    return redirect("invitation")


@login_not_required
@require_safe
@never_cache
def invitation(request: HttpRequest) -> HttpResponse:
    return _page(request, _noted(request))


@login_not_required
@sensitive_post_parameters("password")
@require_POST
def join(request: HttpRequest) -> HttpResponse:
    """A person who has no password yet joins; they are logged in with the one they choose."""
    rate_limits.spend(request, "invitation")
    noted = _noted(request)
    form = JoinForm(request.POST, user=_person(noted) or _newcomer(noted))
    if noted is None or request.user.is_authenticated or not form.is_valid():
        return _page(request, noted, form)
    try:
        user = invitations.join(invitation=noted, now=timezone.now(), **form.cleaned_data)
    except (InvitationClosed, NotTheirs):
        return redirect("invitation")
    del request.session[NOTED]
    response: HttpResponse = perform_login(request, user, redirect_url=_overview(noted))
    return response


@require_POST
def accept(request: HttpRequest) -> HttpResponse:
    noted = _noted(request)
    if noted is None or not isinstance(request.user, User):
        return redirect("invitation")
    try:
        invitations.accept(invitation=noted, user=request.user, now=timezone.now())
    except (InvitationClosed, NotTheirs):
        return redirect("invitation")
    del request.session[NOTED]
    messages.success(request, gettext("You are a member now."))
    return redirect(_overview(noted))


def _page(request: HttpRequest, noted: Invitation | None, form: JoinForm | None = None) -> HttpResponse:
    problem = _problem(noted)
    if problem:
        return render(request, "accounts/invitation_closed.html", {"problem": problem}, status=410)
    person = _person(noted)
    context: dict[str, Any] = {
        "invitation": noted,
        "is_theirs": request.user == person,
        "is_new": needs_a_password(person),
        "form": form or JoinForm(user=person, initial={"name": person.name if person else ""}),
    }
    return render(request, "accounts/invitation_open.html", context)


def _problem(noted: Invitation | None) -> StrOrPromise:
    """Why the invitation cannot be accepted, in words; empty when it can."""
    if noted is None:
        return UNKNOWN
    person = _person(noted)
    if person is not None and not person.is_active:
        return CLOSED_LOGIN
    return CLOSED.get(noted.state(timezone.now()), "")


def _noted(request: HttpRequest) -> Invitation | None:
    digest = request.session.get(NOTED)
    return find_by_digest(digest) if isinstance(digest, str) else None


def _person(noted: Invitation | None) -> User | None:
    return person_invited(noted) if noted else None


def _newcomer(noted: Invitation | None) -> User:
    """For the rule that a password must not be like the address."""
    return User(email=noted.email if noted else "")


def _overview(noted: Invitation) -> str:
    return reverse("overview", args=[noted.account.public_id])
