from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from accounts.access import Access
from billing.call_history.forms.filters import CallFilterForm
from billing.call_history.queries import call_page
from billing.call_history.queries.call_page import CallPage, PageRequest
from billing.call_history.queries.filters import Order
from billing.call_history.views import announcements
from billing.call_history.views.backfill import ask_for_missing
from billing.call_history.views.day_groups import all_days, by_day, calendar_of
from billing.call_history.views.list_context import list_context
from billing.lib.days import day_of
from billing.lib.periods import spans
from billing.rates import services as rates
from billing.web.account_page import account_page, zone_of
from billing.web.links import page_link
from billing.web.rendering import Request, render_account_page, wants_fragment

# The element at the list's end, which its next rows take the place of; and the partial that has them.
GOES_ON = "more"


@require_safe
@account_page()
def calls(request: Request, access: Access) -> HttpResponse:
    now, zone = timezone.now(), zone_of(access)
    form = CallFilterForm(request.GET, account=access.account, zone=zone, today=day_of(now, zone))
    chosen, bars = form.chosen(), spans(*form.days(), zone)
    asked = PageRequest(
        chosen=chosen,
        edges=bars.edges,
        after=request.GET.get("after"),
        before=request.GET.get("before"),
        looks_further=bool(request.GET.get("further")),
        adds_up_all=request.GET.get("sums") == "all",
        # A list that goes on where it stands needs its next rows alone.
        rows_only=request.htmx.target == GOES_ON and wants_fragment(request),
    )
    found = call_page.read(account=access.account, asked=asked, now=now)
    context = _list(request, access, asked, found, now=now)
    if around := found.list_context:
        context |= list_context(request.GET, form, bars, around, found.days, now=now)
        context["backfill"] = ask_for_missing(request, access, asked, around.coverage, now=now)
    if form.names_destination or found.destinations.may_be_known:
        rates.of_account(account=access.account, now=now)
    if wants_fragment(request):
        context["announcement"] = announcements.of_rows(found.rows) if asked.rows_only else _announce(request, context)
    fragment = GOES_ON if asked.rows_only else "renewed"
    return render_account_page(request, access, "call_history/calls.html", context, now=now, fragment=fragment)


def _list(request: Request, access: Access, asked: PageRequest, found: CallPage, *, now: datetime) -> dict[str, Any]:
    page, chosen, query = found.rows, asked.chosen, request.GET
    is_newest_first = chosen.order == Order.NEWEST
    calendar = calendar_of(found, asked, account=access.account, now=now)
    further = {"further": "1"} if page.looked_to else {}
    return {
        "page": page,
        "order": chosen.order.value,
        "days": by_day(page.calls, calendar, shown=_shown(asked, found)) if is_newest_first else [],
        "in_all": all_days(found, calendar),
        "destinations": found.destinations.by_prefix,
        # Of a call that stands under no heading of its day.
        "dated": "%-d %b %H:%M" if chosen.first and chosen.first.year == now.year else "%-d %b %Y %H:%M",
        "older": page_link(query, after=page.older, **({} if page.back else further)),
        # Where a list goes on, its first rows stand above.
        "newer": "" if asked.rows_only else page_link(query, before=page.newer, **(further if page.back else {})),
        "newer_label": gettext("Newer") if is_newest_first else gettext("Back"),
        "older_label": gettext("Older") if is_newest_first else gettext("More"),
        "goes_on": asked.rows_only,
    }


def _shown(asked: PageRequest, found: CallPage) -> date | None:
    """Whose heading stands above already. A page that was looked for further may lie below rows of no day."""
    came_from = found.rows.came_from
    if not asked.rows_only or asked.looks_further or came_from is None:
        return None
    return day_of(came_from.at, asked.chosen.zone)


def _announce(request: Request, shown: Mapping[str, Any]) -> str:
    page = shown["page"]
    return announcements.of_list(
        page,
        shown["sums"],
        shown["backfill"].progress,
        turned_by=shown["newer_label"] if page.back else shown["older_label"],
        completed=request.htmx.trigger == "filling",
        wrong=bool(shown["form"].errors),
    )
