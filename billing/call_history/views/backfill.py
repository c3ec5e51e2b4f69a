"""Days of a call history that are not here yet: they are asked for, and the page completes itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from accounts.access import Access
from billing.call_history.forms.filters import CallFilterForm
from billing.call_history.queries.filters import CallFilter
from billing.call_history.queries.split_hours import split_by
from billing.call_history.views import announcements
from billing.calls.queries import backfills as queries
from billing.calls.queries import retention
from billing.calls.services import backfills
from billing.calls.services.backfills import BackfillRefused
from billing.lib.days import begin_of, day_of, end_of
from billing.lib.instants import MICROSECOND
from billing.lib.periods import spans
from billing.web.account_page import account_page, zone_of
from billing.web.rendering import Request

# The list is read anew each time that another such part of its days has come in.
PARTS = 10


@dataclass(frozen=True)
class BackfillStatus:
    """`refused` is why the missing days are not being fetched. `kept_from` is set where older calls are not kept.

    Days before `earliest` that were `never_fetched` are not here and will not be.

    `splits_hours`: of those that are dropped, some hours are apart on two days that the page adds up.

    `query` is of the page, `poll` of the part that looks whether more has come; it is told what the page shows already.
    """

    progress: queries.Progress | None
    kept_from: datetime | None
    query: str
    poll: str
    earliest: date | None = None
    never_fetched: Sequence[date] = ()
    refused: str = ""
    splits_hours: bool = False
    has_grown: bool = False

    @property
    def missing_days(self) -> list[date]:
        """Of the switch's calendar, the oldest first: whether they will come or not."""
        return [*reversed(self.never_fetched), *(self.progress.missing_days if self.progress else ())]


def for_page(request: Request, access: Access, chosen: CallFilter, *, now: datetime) -> BackfillStatus:
    """What of the days that a page shows is missing. Days that a customer opens are fetched; staff only look."""
    refused = ""
    progress = _progress(access, chosen, now)
    if progress and progress.missing:
        refused = _ask(request, access, progress, now)
        progress = _progress(access, chosen, now)
    first, last = _switch_days(access, chosen)
    kept_from = retention.missing_from(begin_of(chosen.first, chosen.zone) if chosen.first else None, now)
    return BackfillStatus(
        progress=progress,
        kept_from=kept_from,
        query=f"?{request.GET.urlencode()}",
        poll=_poll(request.GET, progress),
        earliest=backfills.earliest_day(account=access.account, now=now),
        never_fetched=backfills.never_fetched(account=access.account, first=first, last=last, now=now),
        refused=refused,
        splits_hours=kept_from is not None and _splits_hours(chosen, kept_from),
    )


@require_safe
@account_page()
def calls_filling(request: Request, access: Access) -> HttpResponse:
    """The bar alone, looked at while days come in. It has the list read anew when enough of them have.

    Where nothing is left of what was asked for but days that cannot be fetched, it asks for those that come after them.
    """
    now, zone = timezone.now(), zone_of(access)
    chosen = CallFilterForm(request.GET, account=access.account, zone=zone, today=day_of(now, zone)).chosen()
    asked = request.GET.copy()
    seen = "".join(asked.pop("seen", []))
    progress = _progress(access, chosen, now)
    if progress and progress.all_failed and progress.later:
        _ask(request, access, progress, now)
        progress = _progress(access, chosen, now)
    filling = BackfillStatus(
        progress=progress,
        kept_from=None,
        query=f"?{asked.urlencode()}",
        poll=f"?{request.GET.urlencode()}",
        has_grown=_has_grown(progress, seen),
    )
    response = render(
        request,
        "call_history/calls.html#filled",
        {"account": access.account, "filling": filling, "says": announcements.of_progress(progress)},
    )
    add_never_cache_headers(response)
    return response


def _ask(request: Request, access: Access, progress: queries.Progress, now: datetime) -> str:
    """Have missing days fetched where a customer looks; why they are not, for people."""
    if request.method == "GET" and not access.as_staff:
        try:
            backfills.ask(account=access.account, first=progress.first, last=progress.last, by=access.user, now=now)
        except BackfillRefused as error:
            return str(error)
    return ""


def _progress(access: Access, chosen: CallFilter, now: datetime) -> queries.Progress | None:
    first, last = _switch_days(access, chosen)
    days = backfills.stretch(account=access.account, first=first, last=last, now=now)
    return queries.progress(account=access.account, first=days[0], last=days[1]) if days else None


def _switch_days(access: Access, chosen: CallFilter) -> tuple[date, date]:
    """The first and the last day of the switch's calendar that the filter touches."""
    zone = access.account.switch.zone
    first = day_of(begin_of(chosen.first, chosen.zone), zone) if chosen.first else date.min
    last = day_of(end_of(chosen.last, chosen.zone) - MICROSECOND, zone) if chosen.last else date.max
    return first, last


def _splits_hours(chosen: CallFilter, kept_from: datetime) -> bool:
    """Whether the page's figures or its chart part an hour whose calls are dropped. A filter finds none of them."""
    if chosen.narrows or chosen.first is None or chosen.last is None:
        return False
    return any(hour < kept_from for hour in split_by(spans(chosen.first, chosen.last, chosen.zone).edges))


def _poll(asked: QueryDict, progress: queries.Progress | None) -> str:
    query = asked.copy()
    query["seen"] = str(progress.done if progress else 0)
    return f"?{query.urlencode()}"


def _has_grown(progress: queries.Progress | None, seen: str) -> bool:
    if progress is None or not progress.is_awaited or not progress.missing:
        return True
    shown = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else 0
    return progress.done - shown >= max(1, progress.total // PARTS)
