"""What a screen reader is told when the list of calls has changed, in one sentence; nothing for steps on the way."""

from __future__ import annotations

from billing.call_history.queries.page_totals import ADDED_UP, Sums
from billing.call_history.queries.pages import Page
from billing.calls.queries.backfills import Progress
from billing.templatetags.figures import number

ALL_HERE = "All days are here"


def of_rows(page: Page) -> str:
    """Of a list that goes on where it stands."""
    return _calls(len(page.calls), "more call") if page.calls else _none(page)


def of_list(page: Page, sums: Sums, progress: Progress | None, *, turned_by: str, completed: bool, wrong: bool) -> str:
    """Of one that came anew: turned by the link of that name, `completed` by itself, or of other filters."""
    if page.came_from:
        return f"{turned_by}: {_calls(len(page.calls))}" if page.calls else _none(page)
    if completed and progress and progress.missing and progress.is_awaited:
        return ""
    said = f"{_calls(sums.totals.calls)}{_of_which(sums)}{_missing(progress)}"
    if wrong:
        return f"One of the filters cannot be read. {said}"
    return f"{ALL_HERE}: {said}" if completed and progress and not progress.missing else said


def of_progress(progress: Progress | None) -> str:
    return ALL_HERE if progress and not progress.missing else ""


def _none(page: Page) -> str:
    """A list that only looked at enough goes on looking."""
    return "" if page.looked_to else "No other calls"


def _of_which(sums: Sums) -> str:
    return f" of the newest {number(ADDED_UP)}" if sums.since else ""


def _missing(progress: Progress | None) -> str:
    if not progress or not progress.missing:
        return ""
    return f"; {number(progress.missing)} {'day is' if progress.missing == 1 else 'days are'} not here yet"


def _calls(count: int, word: str = "call") -> str:
    return f"{number(count) if count else 'No'} {word}{'' if count == 1 else 's'}"
