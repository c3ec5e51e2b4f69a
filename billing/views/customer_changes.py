"""What an agent may do with the accounts directly below its own: open, lock and unlock them, set their overdrafts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import Access, Action
from accounts.models import Account, InvitationState
from accounts.web import fresh_login, rate_limits
from billing.forms.customer_changes import LockForm, OpenForm, OverdraftForm
from billing.models import ChangeState, CustomerChange
from billing.queries import customer_changes as queries
from billing.services import customer_changes as services
from billing.services import overdrafts
from billing.services.customer_changes import ChangeRefused
from billing.views.access import account_page, after_fresh_login
from billing.views.http import Request
from billing.views.pages import render_account_page

TONES = {ChangeState.DONE: "", ChangeState.REFUSED: "bad", ChangeState.IN_DOUBT: "warn"}
INVITATIONS = {
    InvitationState.OPEN: "is invited and has not come yet",
    InvitationState.ACCEPTED: "has come",
    InvitationState.REVOKED: "was invited; the invitation was taken back",
    InvitationState.EXPIRED: "was invited; the link no longer works",
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
        # Also so that nobody finds out, number by number, which accounts there are.
        rate_limits.spend(request, "open_customer")
        wish = {"overdraft": Decimal(0), "rate_group": "", **form.cleaned_data}
        try:
            change = services.open_account(agent=agent, by=request.user, now=now, **wish)
        except ChangeRefused as refused:
            form.refuse(refused)
        else:
            return redirect("customer_change", agent.public_id, change.reference)
    context = {"form": form, "most": _most(agent, "")}
    return render_account_page(request, access, "billing/customer_open.html", context, now=now)


@action
@account_page(Action.LOCK)
def lock_customer(request: Request, access: Access) -> HttpResponse:
    """The question; posted, the change."""
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
    return render_account_page(request, access, "billing/customer_lock.html", context, now=now)


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
    context = {"form": form, "most": _most(agent, account.number), "under_way": queries.under_way(account=account)}
    return render_account_page(request, access, "billing/customer_overdraft.html", context, now=now)


@require_safe
@account_page(Action.RESELL)
def customer_changes(request: Request, access: Access) -> HttpResponse:
    changes = [
        (change, TONES.get(ChangeState(change.state), "none")) for change in queries.latest(agent=access.account)
    ]
    return render_account_page(
        request, access, "billing/customer_changes.html", {"changes": changes}, now=timezone.now()
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
    return render_account_page(request, access, "billing/customer_change.html", context, now=now, fragment="change")


def _agent(access: Access) -> Account:
    agent = access.acting_agent
    assert agent is not None  # noqa: S101  # these actions are given to owners of the agent above only
    return agent


def _most(agent: Account, number: str) -> dict[str, Any]:
    """What may be given at most; no amount: there is no limit."""
    return {"amount": overdrafts.most_for(agent=agent, number=number)}


def _invited(change: CustomerChange, access: Access, now: Any) -> str:
    if not change.email or not (access.as_staff or access.own_role is not None):
        return ""
    if change.state != ChangeState.DONE:
        return f"{change.email} is invited once the account is there."
    if change.invitation is None or change.mailed_at is None:
        return f"The mail to {change.email} is being sent."
    return f"{change.email} {INVITATIONS[change.invitation.state(now)]}."
