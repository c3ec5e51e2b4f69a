"""The strip of the last days on the overview: which of them are proven against the switch's own report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from billing.calls.models import CallDay, DayState


@dataclass(frozen=True)
class Cell:
    """A day of the strip. `x` is where it begins, in the units of the drawing."""

    x: int
    day: date
    kind: str
    words: str


@dataclass(frozen=True)
class Difference:
    """A day that differs, and by how much. A day that was given up is not fetched again."""

    day: date
    amount: Decimal
    calls: int
    is_given_up: bool


@dataclass(frozen=True)
class Proof:
    """What the strip shows. `calls` and `fee` are those of the proven days."""

    cells: list[Cell]
    proven: int
    calls: int
    fee: Decimal
    unchecked: int
    not_known: int
    missing: int
    differences: list[Difference]

    @property
    def is_fetched_again(self) -> bool:
        return not all(difference.is_given_up for difference in self.differences)

    @property
    def summary(self) -> str:
        """The strip for those who hear the page."""
        parts = [gettext("%(number)s proven") % {"number": self.proven}]
        if differ := len(self.differences):
            parts.append(ngettext("%(number)s differ", "%(number)s differ", differ) % {"number": differ})
        if self.not_known:
            parts.append(gettext("%(number)s not yet known how this switch counts") % {"number": self.not_known})
        if self.unchecked:
            parts.append(gettext("%(number)s not checked yet") % {"number": self.unchecked})
        if self.missing:
            parts.append(gettext("%(number)s not fetched yet") % {"number": self.missing})
        return gettext("The last 30 days: %(parts)s, today in progress") % {"parts": ", ".join(parts)}


WORDS = {
    "proven": _("proven"),
    "fetched": _("not checked yet"),
    "differs": _("differs, is fetched again"),
    "unknown": _("not yet known how this switch counts"),
    "none": _("not fetched yet"),
    "today": _("in progress"),
}


def proof_of(days: Mapping[date, CallDay], *, today: date, last_days: int = 30) -> Proof:
    """Draw the last days, today included, from the days that are known."""
    shown = [today - timedelta(days=back) for back in range(last_days - 1, -1, -1)]
    kinds = [_kind(days.get(day), is_today=day == today) for day in shown]
    cells = [
        Cell(20 * i, day, kind, _words(kind, days.get(day)))
        for i, (day, kind) in enumerate(zip(shown, kinds, strict=True))
    ]
    proven = [days[cell.day] for cell in cells if cell.kind == "proven"]
    return Proof(
        cells,
        proven=len(proven),
        calls=sum(day.calls for day in proven),
        fee=sum((day.fee for day in proven), Decimal(0)),
        unchecked=kinds.count("fetched"),
        not_known=kinds.count("unknown"),
        missing=kinds.count("none"),
        differences=[_difference(days[cell.day]) for cell in cells if cell.kind == "differs"],
    )


def _kind(day: CallDay | None, *, is_today: bool) -> str:
    if is_today:
        return "today"
    if day is None or day.fetched_at is None:
        return "none"
    known = {DayState.PROVEN: "proven", DayState.DIFFERS: "differs", DayState.NOT_KNOWN: "unknown"}
    return known.get(DayState(day.state), "fetched")


def _words(kind: str, day: CallDay | None) -> str:
    return gettext("differs") if kind == "differs" and day and day.is_given_up else str(WORDS[kind])


def _difference(day: CallDay) -> Difference:
    fee, calls = day.counted_fee + day.elsewhere_fee, day.counted_calls + day.elsewhere_calls
    amount, apart = abs((day.reported_fee or Decimal(0)) - fee), abs((day.reported_calls or 0) - calls)
    return Difference(day.day, amount, apart, day.is_given_up)
