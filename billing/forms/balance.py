from __future__ import annotations

from datetime import date, timedelta

from billing.forms.days import DaysForm

MOST_DAYS = 366


class RangeForm(DaysForm):
    """The days of a page that adds up each of them, so that there is a bound to how many."""

    def chosen(self) -> tuple[date, date]:
        """First and last day, both included."""
        self.full_clean()
        first, last = self.days()
        if (last - first).days >= MOST_DAYS:
            self.add_error("from", f"More than {MOST_DAYS} days are too many at once, so the last of them are shown.")
            first = last - timedelta(days=MOST_DAYS - 1)
        return first, last
