"""The page that lists an agent's customers."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import Access
from accounts.actions import Action
from accounts.models import Role
from billing.customers.forms.customers import CustomerSearchForm
from billing.customers.queries import customers as queries
from billing.web import staleness
from billing.web.account_page import account_page
from billing.web.links import page_link
from billing.web.rendering import Request, render_account_page


@require_safe
@account_page(Action.RESELL)
def customers(request: Request, access: Access) -> HttpResponse:
    now = timezone.now()
    form = CustomerSearchForm(request.GET)
    text = form.chosen()
    page = queries.page(agent=access.account, text=text, after=request.GET.get("after", "").replace("\0", ""), now=now)
    context = {
        "form": form,
        "text": text,
        "customers": page.customers,
        "following": page_link(request.GET, after=page.following),
        # An owner of this account or of one above it is above every customer in the list.
        "may_top_up_customers": access.role == Role.OWNER,
        # A person who may pay does so from their own account's balance; others look at what was paid from this one.
        "pays": access.account if access.own_role == Role.OWNER or access.role != Role.OWNER else access.via,
        "may_open": access.may(Action.OPEN_CUSTOMERS),
        "has_changes": access.account.requested_changes.exists(),
        "may_see_margin": access.may(Action.SEE_MARGIN),
        "stale_after": staleness.LISTED_BALANCE,
    }
    return render_account_page(request, access, "customers/customers.html", context, now=now, fragment="list")
