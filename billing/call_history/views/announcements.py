"""What a screen reader announces when the list of calls has changed, in one sentence; nothing for steps on the way."""

from __future__ import annotations

from django.utils.translation import gettext, ngettext

from billing.call_history.queries.page_totals import ADDED_UP, Sums
from billing.call_history.queries.pages import Page
from billing.calls.queries.backfills import Progress
from billing.templatetags.figures import number


def of_rows(page: Page) -> str:
    """For a list that goes on where it stands: how many calls were added to it."""
    count = len(page.calls)
    if not count:
        return _none(page)
    return ngettext("%(count)s more call", "%(count)s more calls", count) % {"count": number(count)}


def of_list(page: Page, sums: Sums, progress: Progress | None, *, turned_by: str, completed: bool, wrong: bool) -> str:
    """For a list that was replaced: by the link of the name `turned_by`, by itself (`completed`), or by other filters.

    `wrong`: one of these filters cannot be read.
    """
    if page.came_from:
        if not page.calls:
            return _none(page)
        return gettext("%(link)s: %(calls)s") % {"link": turned_by, "calls": _calls(len(page.calls))}
    if completed and progress and progress.missing and progress.is_awaited:
        return ""
    found = {"calls": f"{_sum(sums)}{_missing(progress)}"}
    if wrong:
        return gettext("One of the filters cannot be read. %(calls)s") % found
    if completed and progress and not progress.missing:
        return gettext("All days are here: %(calls)s") % found
    return found["calls"]


def of_progress(progress: Progress | None) -> str:
    return gettext("All days are here") if progress and not progress.missing else ""


def _none(page: Page) -> str:
    """A list that looked at enough calls for one page goes on looking by itself, so that nothing is announced yet."""
    return "" if page.looked_to else gettext("No other calls")


def _sum(sums: Sums) -> str:
    calls = _calls(sums.totals.calls)
    if not sums.since:
        return calls
    return gettext("%(calls)s of the newest %(newest)s") % {"calls": calls, "newest": number(ADDED_UP)}


def _missing(progress: Progress | None) -> str:
    if not progress or not progress.missing:
        return ""
    days = ngettext("%(count)s day is not here yet", "%(count)s days are not here yet", progress.missing)
    return "; " + days % {"count": number(progress.missing)}


def _calls(count: int) -> str:
    if not count:
        return gettext("No calls")
    return ngettext("%(count)s call", "%(count)s calls", count) % {"count": number(count)}
