from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import member_accounts
from billing.balances.queries.runway import days_left_of
from billing.balances.queries.spending import today_charges
from billing.web import staleness
from billing.web.rendering import Request, render_page

MOST_ACCOUNTS = 200


@require_safe
def home(request: Request) -> HttpResponse:
    """The list of a person's accounts; with one account its overview, and with none what to do."""
    accounts = list(member_accounts(request.user)[:MOST_ACCOUNTS])
    if len(accounts) == 1:
        return redirect("overview", accounts[0].public_id)
    if not accounts and request.user.is_staff:
        return redirect("admin:index")
    now = timezone.now()
    left = days_left_of(accounts=accounts, now=now)
    lines = [(account, left.get(account.pk), today_charges(account=account, now=now)) for account in accounts]
    context = {"now": now, "limit": staleness.LISTED_BALANCE, "lines": lines}
    return render_page(request, "overview/home.html", context)
