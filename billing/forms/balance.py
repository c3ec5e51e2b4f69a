from __future__ import annotations

from datetime import date, timedelta

from billing.forms.days import DaysForm
from billing.queries.balance import MOST_DAYS


class RangeForm(DaysForm):
    """The days of the page that explains a balance."""

    def chosen(self) -> tuple[date, date]:
        """First and last day, both included."""
        self.full_clean()
        first, last = self.days()
        if (last - first).days >= MOST_DAYS:
            self.add_error("from", f"More than {MOST_DAYS} days are too many at once, so the last of them are shown.")
            first = last - timedelta(days=MOST_DAYS - 1)
        return first, last
