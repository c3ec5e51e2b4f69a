"""The page that shows what an agent earns with its customers' calls, by customer or by the days of one."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import PUBLIC_ID, Access
from accounts.actions import Action
from accounts.models import Account
from billing.calls.queries import retention
from billing.customers.queries import margin as queries
from billing.lib.days import begin_of, day_of
from billing.web.account_page import account_page
from billing.web.date_range_form import RangeForm
from billing.web.links import page_link, usual_ranges
from billing.web.rendering import Request, render_account_page


@require_safe
@account_page(Action.SEE_MARGIN)
def margin(request: Request, access: Access) -> HttpResponse:
    now, agent = timezone.now(), access.account
    today = day_of(now, agent.switch.zone)
    form = RangeForm(request.GET, today=today)
    first, last = form.chosen()
    customer = _customer(access, request.GET.get("customer", ""))
    context = {
        "form": form,
        "ranges": usual_ranges(request.GET, today, (first, last)),
        "customer": customer,
        "all_customers": page_link(request.GET, customer=""),
        "is_today": first == last == today,
        "kept_from": retention.missing_from(begin_of(first, agent.switch.zone), now),
    }
    if customer is None:
        found = queries.by_customer(agent=agent, first=first, last=last, today=today)
        lines = [(row, figures, page_link(request.GET, customer=row.public_id)) for row, figures in found.customers]
        context |= {"found": found, "lines": lines}
    else:
        of_days = queries.by_day(agent=agent, customer=customer, first=first, last=last, today=today)
        context |= {"found": of_days, "days": of_days.days}
    return render_account_page(request, access, "customers/margin.html", context, now=now, fragment="margin")


def _customer(access: Access, public_id: str) -> Account | None:
    """Find the customer whose days are asked for. One that is not directly below the account is none."""
    if not public_id:
        return None
    children = access.account.children.select_related("switch")
    found = children.filter(public_id=public_id).first() if PUBLIC_ID.fullmatch(public_id) else None
    if found is None:
        raise Http404("No such customer")
    return found
