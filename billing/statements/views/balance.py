from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import Access
from billing.lib.days import day_of
from billing.statements.queries import balance as queries
from billing.statements.queries.balance import Day, Missing
from billing.statements.views.balance_chart import balance_chart
from billing.statements.views.differences import Difference, difference
from billing.statements.views.equation import sum_lines
from billing.web import staleness
from billing.web.account_page import account_page, zone_of
from billing.web.date_range_form import RangeForm
from billing.web.links import usual_ranges
from billing.web.rendering import Request, render_account_page

MOST_NOTES = 5


@dataclass(frozen=True)
class Line:
    """A day, or days that are missing. `calls` is the query of the day's calls."""

    day: Day | None
    missing: Missing | None
    differences: list[Difference]
    calls: str


@require_safe
@account_page()
def balance(request: Request, access: Access) -> HttpResponse:
    """How the balance came about over a range of days."""
    now, account = timezone.now(), access.account
    today = day_of(now, account.switch.zone)
    form = RangeForm(request.GET, today=today)
    first, last = form.chosen()
    explanation = queries.explain(account=account, first=first, last=last, now=now)
    context = {
        "form": form,
        "ranges": usual_ranges(request.GET, today, (first, last)),
        "explanation": explanation,
        "sums": explanation.sums,
        "sum_lines": sum_lines(explanation.sums, access) if explanation.sums else [],
        "lines": [_line(entry) for entry in explanation.entries],
        "other_differences": [difference(case) for case in explanation.other_cases[:MOST_NOTES]],
        "more_differences": len(explanation.other_cases[MOST_NOTES:]),
        "chart": balance_chart(explanation.days),
        "balance_limit": staleness.BALANCE,
        "zone": zone_of(access).key,
    }
    return render_account_page(request, access, "statements/balance.html", context, now=now, fragment="explanation")


def _line(entry: Day | Missing) -> Line:
    if isinstance(entry, Missing):
        return Line(None, entry, [], "")
    cases = entry.cases if entry.differs else []
    day = entry.day.isoformat()
    return Line(entry, None, [difference(case) for case in cases], f"?from={day}&to={day}")
