"""A range of days as it stands in the address."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import QueryDict
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOST_DAYS = 366
SHOWN_DAYS = 30
EARLIEST = date(2000, 1, 1)
LATEST = date(2100, 1, 1)
NOTHING_THERE = _("Nothing can be found there, so the last %(days)s days are shown.")
BEFORE_FIRST = _("This is before the first day, so the last %(days)s days are shown.")
TOO_MANY_DAYS = _("More than %(days)s days are too many at once, so the last of them are shown.")


class DayField(forms.DateField):
    def __init__(self, label: StrOrPromise) -> None:
        super().__init__(
            label=label,
            required=False,
            input_formats=["%Y-%m-%d"],
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "max": LATEST.isoformat()}),
            error_messages={
                "invalid": format_lazy(_("This is no date, so the last {days} days are shown."), days=SHOWN_DAYS)
            },
        )

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day and not EARLIEST <= day <= LATEST:
            raise forms.ValidationError(NOTHING_THERE, params={"days": SHOWN_DAYS})
        return day


class DaysForm(forms.Form):
    """A first and a last day. What cannot be read is said beside its field, and the last days are shown instead."""

    def __init__(self, data: QueryDict, *, today: date) -> None:
        self.today = today
        shown = data.copy()
        if not shown.get("from") and not shown.get("to"):
            shown["from"], shown["to"] = _default_first(today).isoformat(), today.isoformat()
        super().__init__(shown)
        # "from" is a word of Python's, and the one for an address.
        self.fields = {"from": DayField(_("From")), "to": DayField(_("Until")), **self.fields}

    def clean(self) -> dict[str, Any]:
        first, last = self.cleaned_data.get("from"), self.cleaned_data.get("to")
        if first and last and first > last:
            self.add_error("to", forms.ValidationError(BEFORE_FIRST, params={"days": SHOWN_DAYS}))
        return self.cleaned_data

    def days(self) -> tuple[date, date]:
        """The first and the last day, both included. For a form that was cleaned."""
        first, last = self.cleaned_data.get("from"), self.cleaned_data.get("to")
        if "from" in self.errors or "to" in self.errors:
            first = last = None
        last = last or max(self.today, first or self.today)
        return first or _default_first(last), last


def _default_first(last: date) -> date:
    return last - timedelta(days=SHOWN_DAYS - 1)


class RangeForm(DaysForm):
    """The days of a page that adds up each of them, so that there is a bound on how many."""

    def chosen(self) -> tuple[date, date]:
        """The first and the last day, both included; cleans the form."""
        self.full_clean()
        first, last = self.days()
        if (last - first).days >= MOST_DAYS:
            self.add_error("from", forms.ValidationError(TOO_MANY_DAYS, params={"days": MOST_DAYS}))
            first = last - timedelta(days=MOST_DAYS - 1)
        return first, last
