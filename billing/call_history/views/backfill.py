"""Days of a call history that are not here yet: they are asked for, and the page completes itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from accounts.access import Access
from billing.call_history.forms.filters import CallFilterForm
from billing.call_history.queries.call_page import PageRequest
from billing.call_history.queries.fetched_days import Coverage, progress
from billing.call_history.queries.filters import CallFilter
from billing.call_history.queries.split_hours import split_by
from billing.call_history.views import announcements
from billing.calls.queries.backfills import Progress
from billing.calls.services import backfills
from billing.calls.services.backfills import BackfillRefused
from billing.lib.days import day_of
from billing.switches.services import quiet_hours
from billing.web.account_page import account_page, zone_of
from billing.web.rendering import Request

# The list is read again each time that another such part of its days has come in.
PARTS = 10


@dataclass(frozen=True, kw_only=True)
class BackfillStatus:
    """What a page says of its missing days. `refused`: other days of the account are fetched first.

    `has_grown`: days have come in that the list above does not have, so that the page is to be read again.
    `goes_on_at`: until then the phone system lists no calls.
    `splits_hours`: of the calls that are no longer kept, some hours are apart on two days that the page adds up.

    `query` is that of the page, `poll` that of the part that looks whether more has come in; it bears how many days the
    page shows already.
    """

    progress: Progress | None
    query: str
    poll: str
    has_grown: bool
    coverage: Coverage | None = None
    refused: bool = False
    goes_on_at: datetime | None = None
    splits_hours: bool = False


def ask_for_missing(
    request: Request, access: Access, asked: PageRequest, found: Coverage, *, now: datetime
) -> BackfillStatus:
    """For a page that was read. Days that a customer opens are fetched; staff only look."""
    refused, latest = False, found.progress
    if found.progress and found.progress.missing and not access.as_staff:
        refused, latest = _ask(access, asked.chosen, found.progress, now)
    shown = found.progress.done if found.progress else 0
    return BackfillStatus(
        progress=latest,
        query=f"?{request.GET.urlencode()}",
        poll=_poll(request.GET, shown),
        has_grown=latest is not None and latest.done > shown,
        coverage=found,
        refused=refused,
        goes_on_at=quiet_hours.goes_on_at(switch=access.account.switch, now=now),
        splits_hours=found.kept_from is not None and _splits_hours(asked, found.kept_from),
    )


@require_safe
@account_page()
def calls_filling(request: Request, access: Access) -> HttpResponse:
    """The bar alone, looked at while days come in. It has the list read again when enough of them have.

    Where nothing is left of what was asked for but days that cannot be fetched, it asks for those that come after them.
    """
    now, zone = timezone.now(), zone_of(access)
    chosen = CallFilterForm(request.GET, account=access.account, zone=zone, today=day_of(now, zone)).chosen()
    page_query = request.GET.copy()
    seen = "".join(page_query.pop("seen", []))
    latest = progress(account=access.account, chosen=chosen, now=now)
    if latest and latest.all_failed and latest.later and not access.as_staff:
        _, latest = _ask(access, chosen, latest, now)
    status = BackfillStatus(
        progress=latest,
        query=f"?{page_query.urlencode()}",
        poll=f"?{request.GET.urlencode()}",
        has_grown=_has_grown(latest, seen),
        goes_on_at=quiet_hours.goes_on_at(switch=access.account.switch, now=now),
    )
    response = render(
        request,
        "call_history/calls.html#filled",
        {"account": access.account, "backfill": status, "announcement": announcements.of_progress(latest)},
    )
    add_never_cache_headers(response)
    return response


def _ask(access: Access, chosen: CallFilter, missing: Progress, now: datetime) -> tuple[bool, Progress | None]:
    """Have missing days fetched: whether other days come first, and how far these are now."""
    refused = False
    try:
        backfills.ask(account=access.account, first=missing.first, last=missing.last, by=access.user, now=now)
    except BackfillRefused:
        refused = True
    return refused, progress(account=access.account, chosen=chosen, now=now)


def _splits_hours(asked: PageRequest, kept_from: datetime) -> bool:
    """Whether the page's figures or its chart part an hour whose calls are dropped. A filter finds none of them."""
    chosen = asked.chosen
    if chosen.narrows or chosen.first is None or chosen.last is None:
        return False
    return any(hour < kept_from for hour in split_by(asked.edges))


def _poll(query: QueryDict, shown: int) -> str:
    poll = query.copy()
    poll["seen"] = str(shown)
    return f"?{poll.urlencode()}"


def _has_grown(latest: Progress | None, seen: str) -> bool:
    if latest is None or not latest.is_awaited or not latest.missing:
        return True
    shown = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else 0
    return latest.done - shown >= max(1, latest.total // PARTS)
