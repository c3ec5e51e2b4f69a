from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.http import HttpResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import Access
from accounts.models import Account
from billing.forms.calls import CallFilterForm
from billing.models import Call, CallDay
from billing.queries import history
from billing.queries.day_states import Calendar, ReaderDay, touched
from billing.queries.days import day_of, each_day
from billing.services.calls import being_fetched
from billing.views import old_after
from billing.views.access import account_page, zone_of
from billing.views.call_files import MOST_CALLS, links
from billing.views.http import Request
from billing.views.pages import render_account_page
from billing.views.turning import ranges_of, turned


@dataclass(frozen=True)
class Day:
    """Calls of one day as the reader's calendar has it."""

    day: date
    calls: list[Call]
    state: ReaderDay


@dataclass(frozen=True)
class Gap:
    first: date
    last: date
    days: int


@require_safe
@account_page()
def calls(request: Request, access: Access) -> HttpResponse:
    now, zone, account = timezone.now(), zone_of(access), access.account
    form = CallFilterForm(request.GET, zone=zone, today=day_of(now, zone))
    chosen = form.chosen()
    page = history.page(
        account=account, filter=chosen, after=request.GET.get("after"), before=request.GET.get("before")
    )
    known = history.days(account=account, filter=chosen)
    totals = history.totals(account=account, filter=chosen)
    context = {
        "form": form,
        "ranges": _ranges(request.GET, day_of(now, zone), chosen),
        "totals": totals,
        "files": links(access, turned(request.GET)) if 0 < totals.calls <= MOST_CALLS else [],
        "most_in_file": MOST_CALLS,
        "days": _by_day(page.calls, account, known, now=now, zone=zone),
        "gap": _gap(account, chosen, known, now),
        "fetched_at": _fetched_at(known, day_of(now, account.switch.zone)),
        "limit": old_after.CALLS,
        "zone": zone.key,
        "same_calendar": zone.key == account.switch.zone.key,
        "older": turned(request.GET, after=page.older),
        "newer": turned(request.GET, before=page.newer),
    }
    return render_account_page(request, access, "billing/calls.html", context, now=now, fragment="history")


def _by_day(
    calls: Sequence[Call], account: Account, known: dict[date, CallDay], *, now: datetime, zone: ZoneInfo
) -> list[Day]:
    grouped = [
        (day, list(of_day))
        for day, of_day in groupby(calls, key=lambda call: timezone.localtime(call.started_at, zone).date())
    ]
    switch = account.switch.zone
    touching = {one for day, _ in grouped for one in touched(day, reader=zone, switch=switch, now=now)}
    fetching = being_fetched(account=account, days=touching)
    calendar = Calendar(reader=zone, switch=switch, known=known, fetching=fetching, now=now)
    return [Day(day, of_day, calendar.state_of(day)) for day, of_day in grouped]


def _fetched_at(known: dict[date, CallDay], today: date) -> datetime | None:
    """How old the list is, where it reaches to today: the only day that still grows by itself."""
    return known[today].fetched_at if today in known else None


def _gap(account: Account, chosen: history.CallFilter, known: dict[date, CallDay], now: datetime) -> Gap | None:
    """Which of the chosen days were never fetched: their calls are missing from the list and its totals."""
    zone = account.switch.zone
    last = min(chosen.last or date.max, day_of(now, zone))
    first = max(chosen.first or date.min, last - timedelta(days=history.MOST_DAYS - 1))
    if account.opened_at:
        first = max(first, day_of(account.opened_at, zone))
    missing = [day for day in each_day(first, last) if day not in known or known[day].fetched_at is None]
    return Gap(missing[0], missing[-1], len(missing)) if missing else None


def _ranges(asked: QueryDict, today: date, chosen: history.CallFilter) -> list[tuple[str, str, bool]]:
    ranges = {
        "Today": (today, today),
        "7 days": (today - timedelta(days=6), today),
        "30 days": (today - timedelta(days=29), today),
        f"{today:%B}": (today.replace(day=1), today),
    }
    return ranges_of(asked, ranges, (chosen.first, chosen.last))
