from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import Access
from billing.forms.balance import RangeForm
from billing.queries import balance as queries
from billing.queries.balance import Day, Missing
from billing.queries.days import day_of
from billing.views import old_after
from billing.views.access import account_page, zone_of
from billing.views.balance_chart import balance_chart
from billing.views.differences import Difference, difference
from billing.views.http import Request
from billing.views.pages import render_account_page
from billing.views.sums import sum_lines
from billing.views.turning import usual_ranges

MOST_NOTES = 5


@dataclass(frozen=True)
class Line:
    """A day, or days that are missing."""

    day: Day | None
    missing: Missing | None
    differences: list[Difference]
    calls: str


@require_safe
@account_page()
def balance(request: Request, access: Access) -> HttpResponse:
    now, account = timezone.now(), access.account
    today = day_of(now, account.switch.zone)
    form = RangeForm(request.GET, today=today)
    first, last = form.chosen()
    story = queries.story(account=account, first=first, last=last, now=now)
    context = {
        "form": form,
        "ranges": usual_ranges(request.GET, today, (first, last)),
        "story": story,
        "sums": story.sums,
        "sum_lines": sum_lines(story.sums, access) if story.sums else [],
        "lines": [_line(entry) for entry in story.entries],
        "loose": [difference(case) for case in story.loose[:MOST_NOTES]],
        "more_loose": len(story.loose[MOST_NOTES:]),
        "chart": balance_chart(story.days),
        "balance_limit": old_after.BALANCE,
        "zone": zone_of(access).key,
    }
    return render_account_page(request, access, "billing/balance.html", context, now=now, fragment="story")


def _line(entry: Day | Missing) -> Line:
    if isinstance(entry, Missing):
        return Line(None, entry, [], "")
    told = entry.cases if entry.differs else []
    day = entry.day.isoformat()
    return Line(entry, None, [difference(case) for case in told], f"?from={day}&to={day}")
