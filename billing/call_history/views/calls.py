from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import Access
from accounts.models import Account, Switch
from billing.call_history.forms.filters import CallFilterForm
from billing.call_history.queries import page_totals, pages
from billing.call_history.queries.filters import CallFilter, Order
from billing.call_history.views import announcements, backfill
from billing.call_history.views.day_groups import CallDays
from billing.call_history.views.filters import further_filters
from billing.calls.models import CallDay
from billing.lib.days import day_of
from billing.lib.periods import Spans, spans
from billing.lib.snapshots import snapshot
from billing.rates import services as rates
from billing.rates.queries import destination_names
from billing.web import staleness
from billing.web.account_page import account_page, zone_of
from billing.web.charts import Chart, cost_chart
from billing.web.links import page_link, ranges_of
from billing.web.rendering import Request, render_account_page, wants_fragment

# The element at the list's end, which its next rows take the place of; and the partial that has them.
GOES_ON = "more"
FEWEST_BARS = 2


@require_safe
@account_page()
def calls(request: Request, access: Access) -> HttpResponse:
    now, zone, account = timezone.now(), zone_of(access), access.account
    form = CallFilterForm(request.GET, account=account, zone=zone, today=day_of(now, zone))
    chosen = form.chosen()
    # A list that goes on where it stands needs its next rows alone.
    goes_on = request.htmx.target == GOES_ON and wants_fragment(request)
    # Before the list is read: a day that comes in meanwhile is then one that the page still looks for.
    missing = None if goes_on else backfill.for_page(request, access, chosen, now=now)
    progress = missing.progress if missing else None
    with snapshot():
        page = _page(request.GET, account, chosen)
        known = pages.days(account=account, chosen=chosen)
        around = _around(request.GET, access, form, chosen, known, missing, now=now) if missing else {}
        days = CallDays(account, zone, known, now)
        shown = _shown(request.GET, page, zone) if goes_on else None
        destinations = destination_names((call.fee_prefix for call in page.calls), account=account, now=now)
        by_day = days.of(page.calls, shown=shown) if chosen.order == Order.NEWEST else []
    if request.method == "GET" and (form.names_destination or destinations.may_be_known):
        rates.of_account(account=account, now=now)
    further = {"further": "1"} if page.looked_to else {}
    context = {
        "page": page,
        "order": chosen.order.value,
        "days": by_day,
        "destinations": destinations.by_prefix,
        # Of a call that stands under no heading of its day.
        "dated": "%-d %b %H:%M" if chosen.first and chosen.first.year == now.year else "%-d %b %Y %H:%M",
        "in_all": days.in_all(progress.first, progress.last) if progress else None,
        "older": page_link(request.GET, after=page.older, **({} if page.back else further)),
        # Where a list goes on, its first rows stand above.
        "newer": "" if goes_on else page_link(request.GET, before=page.newer, **(further if page.back else {})),
        "newer_label": "Newer" if chosen.order == Order.NEWEST else "Back",
        "older_label": "Older" if chosen.order == Order.NEWEST else "More",
        "goes_on": goes_on,
        "filling": missing,
        **around,
    }
    if wants_fragment(request):
        context["says"] = announcements.of_rows(page) if goes_on else _news(request, context)
    fragment = GOES_ON if goes_on else "renewed"
    return render_account_page(request, access, "call_history/calls.html", context, now=now, fragment=fragment)


def _page(asked: QueryDict, account: Account, chosen: CallFilter) -> pages.Page:
    return pages.page(
        account=account,
        chosen=chosen,
        after=asked.get("after"),
        before=asked.get("before"),
        look_at=pages.LOOKED_AT_FURTHER if asked.get("further") else pages.LOOKED_AT,
    )


def _news(request: Request, shown: Mapping[str, Any]) -> str:
    page, missing = shown["page"], shown["filling"]
    return announcements.of_list(
        page,
        shown["sums"],
        missing.progress,
        turned_by=shown["newer_label"] if page.back else shown["older_label"],
        completed=request.htmx.trigger == "filling",
        wrong=bool(shown["form"].errors),
    )


def _shown(asked: QueryDict, page: pages.Page, zone: ZoneInfo) -> date | None:
    """Whose heading stands above already. A page that was looked for further may lie below rows of no day."""
    return day_of(page.came_from.at, zone) if page.came_from and not asked.get("further") else None


def _around(
    asked: QueryDict,
    access: Access,
    form: CallFilterForm,
    chosen: CallFilter,
    known: dict[date, CallDay],
    missing: backfill.BackfillStatus,
    *,
    now: datetime,
) -> dict[str, Any]:
    """What stands above and below the list."""
    account, zone = access.account, zone_of(access)
    bars = spans(*form.days(), zone)
    sums, too_many = _sums(asked, account, chosen, bars)
    return {
        "form": form,
        "further_filters": further_filters(form),
        "ranges": _ranges(asked, day_of(now, zone), chosen),
        "sums": sums,
        "chart": _chart(sums, bars, account.switch, missing.missing_days, zone=zone, now=now),
        "too_many_to_add": too_many,
        "added_up": page_totals.ADDED_UP,
        "add_up_all": page_link(asked, sums="all"),
        # Of the addresses that give these calls as a file.
        "file_query": page_link(asked) if sums.since or sums.totals.calls else "",
        "fetched_at": _fetched_at(known, day_of(now, account.switch.zone)),
        "limit": staleness.CALLS,
        "zone": zone.key,
        "same_calendar": zone.key == account.switch.zone.key,
    }


def _sums(asked: QueryDict, account: Account, chosen: CallFilter, bars: Spans) -> tuple[page_totals.Sums, bool]:
    """Of all calls where that was asked for, unless they are too many."""
    too_many = False
    if asked.get("sums") == "all":
        try:
            return page_totals.all_sums(account=account, chosen=chosen, edges=bars.edges), False
        except page_totals.TooMany:
            too_many = True
    quick = page_totals.sums(account=account, chosen=chosen, at_most=page_totals.ADDED_UP, edges=bars.edges)
    return quick, too_many


def _chart(
    sums: page_totals.Sums, bars: Spans, switch: Switch, missing: list[date], *, zone: ZoneInfo, now: datetime
) -> Chart | None:
    """Of the very calls that the figures are of: of some of them alone it would mislead."""
    if sums.since is not None or not sums.totals.calls or len(bars.firsts) < FEWEST_BARS:
        return None
    costs = [stretch.fee for stretch in sums.stretches]
    lacking = bars.lacking(missing, switch=switch.zone, today=day_of(now, switch.zone)) if missing else None
    days = list(zip(bars.firsts, costs, strict=True))
    return cost_chart(days, today=day_of(now, zone), unit=bars.unit, lacking=lacking)


def _fetched_at(known: dict[date, CallDay], today: date) -> datetime | None:
    """How old the list is, where it reaches to today: the only day that still grows by itself."""
    return known[today].fetched_at if today in known else None


def _ranges(asked: QueryDict, today: date, chosen: CallFilter) -> list[tuple[str, str, bool]]:
    ranges = {
        "Today": (today, today),
        "7 days": (today - timedelta(days=6), today),
        "30 days": (today - timedelta(days=29), today),
        f"{today:%B}": (today.replace(day=1), today),
    }
    return ranges_of(asked, ranges, (chosen.first, chosen.last))
