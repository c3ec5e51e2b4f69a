"""The pages on which an agent opens, locks and unlocks the accounts directly below its own, and sets overdrafts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import Access
from accounts.actions import Action
from accounts.models import Account, InvitationState
from accounts.web import fresh_login, login_limits
from billing.customers.forms.changes import LockForm, OpenForm, OverdraftForm
from billing.customers.models import ChangeState, CustomerChange
from billing.customers.queries import changes as queries
from billing.customers.services import changes as services
from billing.customers.services import overdrafts
from billing.customers.services.changes import ChangeRefused
from billing.web.account_page import account_page, after_fresh_login
from billing.web.rendering import Request, render_account_page

TONES = {ChangeState.DONE: "", ChangeState.REFUSED: "bad", ChangeState.IN_DOUBT: "warn"}
INVITATIONS = {
    InvitationState.OPEN: _("%(email)s is invited and has not come yet."),
    InvitationState.ACCEPTED: _("%(email)s has come."),
    InvitationState.REVOKED: _("%(email)s was invited; the invitation was taken back."),
    InvitationState.EXPIRED: _("%(email)s was invited; the link no longer works."),
}
action = require_http_methods(["GET", "HEAD", "POST"])


@action
@account_page(Action.OPEN_CUSTOMERS)
@after_fresh_login
def open_customer(request: Request, access: Access) -> HttpResponse:
    now, agent = timezone.now(), access.account
    form = OpenForm(
        request.POST if request.method == "POST" else None,
        switch=agent.switch,
        rate_groups=queries.rate_groups(agent=agent),
        with_overdraft=agent.may_set_overdrafts,
    )
    if form.is_valid():
        # This also keeps an agent from finding out, number by number, which accounts there are.
        login_limits.spend(request, "open_customer")
        terms = {"overdraft": Decimal(0), "rate_group": "", **form.cleaned_data}
        try:
            change = services.open_account(agent=agent, by=request.user, now=now, **terms)
        except ChangeRefused as refused:
            form.refuse(refused)
        else:
            return redirect("customer_change", agent.public_id, change.reference)
    context = {"form": form, "largest_overdraft": overdrafts.largest_for(agent=agent, number="")}
    return render_account_page(request, access, "customers/customer_open.html", context, now=now)


@action
@account_page(Action.LOCK)
def lock_customer(request: Request, access: Access) -> HttpResponse:
    """Ask whether to lock the account, or to unlock it; a POST does it."""
    now, account, agent = timezone.now(), access.account, _agent(access)
    initial = {"locked": "0" if account.is_locked else "1"}
    form = LockForm(request.POST if request.method == "POST" else None, switch=account.switch, initial=initial)
    if form.is_valid():
        try:
            change = services.set_lock(account=account, agent=agent, by=request.user, now=now, **form.cleaned_data)
        except ChangeRefused as refused:
            form.refuse(refused)
        else:
            return redirect("customer_change", agent.public_id, change.reference)
    context = {"form": form, "under_way": queries.under_way(account=account)}
    return render_account_page(request, access, "customers/customer_lock.html", context, now=now)


@action
@account_page(Action.SET_OVERDRAFT)
def set_overdraft(request: Request, access: Access) -> HttpResponse:
    now, account, agent = timezone.now(), access.account, _agent(access)
    form = OverdraftForm(request.POST if request.method == "POST" else None, switch=account.switch)
    if form.is_valid():
        if account.switch.wants_fresh_login(form.cleaned_data["overdraft"]):
            fresh_login.require(request)
        try:
            change = services.set_overdraft(account=account, agent=agent, by=request.user, now=now, **form.cleaned_data)
        except ChangeRefused as refused:
            form.refuse(refused)
        else:
            return redirect("customer_change", agent.public_id, change.reference)
    context = {
        "form": form,
        "largest_overdraft": overdrafts.largest_for(agent=agent, number=account.number),
        "under_way": queries.under_way(account=account),
    }
    return render_account_page(request, access, "customers/customer_overdraft.html", context, now=now)


@require_safe
@account_page(Action.RESELL)
def customer_changes(request: Request, access: Access) -> HttpResponse:
    changes = [
        (change, TONES.get(ChangeState(change.state), "none")) for change in queries.latest(agent=access.account)
    ]
    return render_account_page(
        request, access, "customers/customer_changes.html", {"changes": changes}, now=timezone.now()
    )


@require_safe
@account_page(Action.RESELL)
def customer_change(request: Request, access: Access, reference: str) -> HttpResponse:
    now = timezone.now()
    change = queries.find(agent=access.account, reference=reference)
    if change is None:
        raise Http404("No such change")
    context = {
        "change": change,
        "tone": TONES.get(ChangeState(change.state), "none"),
        # Whom a customer invites is between it and the agent itself.
        "invited": _invited(change, access, now),
        "again_after": "10s" if change.state == ChangeState.IN_DOUBT else "2s",
    }
    return render_account_page(request, access, "customers/customer_change.html", context, now=now, fragment="change")


def _agent(access: Access) -> Account:
    agent = access.acting_agent
    assert agent is not None  # noqa: S101  # these actions are given to owners of the agent above only
    return agent


def _invited(change: CustomerChange, access: Access, now: datetime) -> str:
    """Say what became of the invitation, to the readers who may know of it."""
    if not change.email or not (access.as_staff or access.own_role is not None):
        return ""
    if change.state != ChangeState.DONE:
        words = gettext("%(email)s is invited once the account is there.")
    elif change.invitation is None or change.mailed_at is None:
        words = gettext("The mail to %(email)s is being sent.")
    else:
        words = str(INVITATIONS[change.invitation.state(now)])
    return words % {"email": change.email}
