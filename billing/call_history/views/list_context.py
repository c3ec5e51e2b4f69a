"""What stands above and below a list of calls: its filters, totals, chart and files, and how old it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext

from billing.call_history.forms.filters import CallFilterForm
from billing.call_history.queries import page_totals
from billing.call_history.queries.call_page import ListContext
from billing.calls.models import CallDay
from billing.lib.days import day_of
from billing.lib.periods import Spans
from billing.web import staleness
from billing.web.charts import Chart, cost_chart
from billing.web.links import page_link, ranges_of

FEWEST_BARS = 2


def list_context(
    query: QueryDict,
    form: CallFilterForm,
    bars: Spans,
    found: ListContext,
    known: Mapping[date, CallDay],
    *,
    now: datetime,
) -> dict[str, Any]:
    """For the templates. `known` are days of the switch's calendar."""
    zone, switch, sums = form.zone, form.account.switch, found.sums
    return {
        "form": form,
        "ranges": _ranges(query, day_of(now, zone), form.days()),
        "sums": sums,
        "chart": _chart(found, bars, form, now=now),
        "too_many_to_add": found.is_too_much_to_add_up,
        "added_up": page_totals.ADDED_UP,
        "add_up_all": page_link(query, sums="all"),
        # Of the addresses that give these calls as a file.
        "file_query": page_link(query) if sums.since or sums.totals.calls else "",
        "fetched_at": _fetched_at(known, day_of(now, switch.zone)),
        "limit": staleness.CALLS,
        "zone": zone.key,
        "same_calendar": zone.key == switch.zone.key,
    }


def _chart(found: ListContext, bars: Spans, form: CallFilterForm, *, now: datetime) -> Chart | None:
    """Of the very calls that the figures are of: a chart of some of them alone would mislead."""
    sums, missing, switch = found.sums, found.coverage.missing_days, form.account.switch
    if sums.since is not None or not sums.totals.calls or len(bars.firsts) < FEWEST_BARS:
        return None
    costs = [stretch.fee for stretch in sums.stretches]
    lacking = bars.lacking(missing, switch=switch.zone, today=day_of(now, switch.zone)) if missing else None
    days = list(zip(bars.firsts, costs, strict=True))
    return cost_chart(days, today=day_of(now, form.zone), unit=bars.unit, lacking=lacking)


def _fetched_at(known: Mapping[date, CallDay], today: date) -> datetime | None:
    """How old the list is, where it reaches to today: the only day that still grows by itself."""
    return known[today].fetched_at if today in known else None


def _ranges(query: QueryDict, today: date, chosen: tuple[date, date]) -> list[tuple[str, str, bool]]:
    ranges = {
        gettext("Today"): (today, today),
        gettext("7 days"): (today - timedelta(days=6), today),
        gettext("30 days"): (today - timedelta(days=29), today),
        date_format(today, "F"): (today.replace(day=1), today),
    }
    return ranges_of(query, ranges, chosen)
