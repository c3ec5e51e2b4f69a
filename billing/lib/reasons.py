"""Reasons as codes with figures: services raise and keep them, and pages word them in the language of the reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias, cast

from django.db import models
from django.utils import timezone
from django.utils.formats import date_format

from accounts.lib.money import money


class Reason(models.TextChoices):
    """A code table of reasons, which each subject fills with its own. Its words name figures as `%(name)s`.

    A value begins with the name of its table, as "transfer.not_covered", so that a stored one leads back to its words.
    """

    @staticmethod
    def of(value: str) -> Reason:
        """Find a stored reason in whatever table it stands. Raises KeyError."""
        return _members(Reason)[value]


def _members(table: type[Reason]) -> dict[str, Reason]:
    found: dict[str, Reason] = {member.value: member for member in table}
    for below in table.__subclasses__():
        found |= _members(below)
    return found


@dataclass(frozen=True)
class Money:
    """An amount that words name."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return money(self.amount, self.currency)


@dataclass(frozen=True)
class Moment:
    """An instant that words name by its time of day, with the day where that is not today."""

    at: datetime

    def __str__(self) -> str:
        at, now = timezone.localtime(self.at), timezone.localtime()
        return date_format(at, "H:i" if at.date() == now.date() else "j M Y, H:i")


Figure: TypeAlias = "str | int | Money | Moment | date | datetime | Because"


@dataclass(frozen=True)
class Because:
    """A reason with the figures that its words name. A figure may be a reason in turn."""

    reason: Reason
    figures: Mapping[str, Figure] = field(default_factory=dict)

    def __str__(self) -> str:
        shown = {name: figure if isinstance(figure, int) else _shown(figure) for name, figure in self.figures.items()}
        # Not `str(label)`: a label that counts chooses its plural by the figure.
        return str(self.reason.label % shown) if shown else str(self.reason.label)


class RefusedBecause(Exception):
    """Something that a person asked for is refused. Pages word `because`; the exception's own text is for logs."""

    def __init__(self, because: Because) -> None:
        super().__init__(because)
        self.because = because


def _shown(figure: Figure) -> str:
    """Write a figure out, an instant by its day in the reader's time zone."""
    if isinstance(figure, datetime):
        return date_format(timezone.localtime(figure), "DATE_FORMAT")
    if isinstance(figure, date):
        return date_format(figure, "DATE_FORMAT")
    return str(figure)


class BecauseField(models.JSONField):
    """Keeps a `Because`, or nothing. Its values are plain JSON: the code, and each figure with its kind."""

    def db_check(self, connection: Any) -> str:
        """Refuse the null of JSON, which would be neither a reason nor nothing: nothing is NULL."""
        return f"{connection.ops.quote_name(self.column)} ? 'reason'"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Because | None:
        found = super().from_db_value(value, expression, connection)
        return None if found is None else _read(found)

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(_written(value) if isinstance(value, Because) else value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        written = _written(value) if isinstance(value, Because) else value
        return super().get_db_prep_value(written, connection, prepared)

    def value_to_string(self, obj: models.Model) -> Any:
        value = self.value_from_object(obj)
        return _written(value) if isinstance(value, Because) else value


def _written(because: Because) -> dict[str, Any]:
    return {
        "reason": because.reason.value,
        "figures": {name: _written_figure(figure) for name, figure in because.figures.items()},
    }


def _written_figure(figure: Figure) -> Any:
    match figure:
        case Because():
            return {"because": _written(figure)}
        case Money():
            return {"money": str(figure.amount), "currency": figure.currency}
        case Moment():
            return {"moment": figure.at.isoformat()}
        case datetime():
            return {"at": figure.isoformat()}
        case date():
            return {"day": figure.isoformat()}
        case _:
            return figure


def _read(kept: dict[str, Any]) -> Because:
    return Because(Reason.of(kept["reason"]), {name: _read_figure(figure) for name, figure in kept["figures"].items()})


def _read_figure(kept: Any) -> Figure:
    match kept:
        case {"because": inner}:
            return _read(inner)
        case {"money": amount, "currency": currency}:
            return Money(Decimal(amount), currency)
        case {"moment": instant}:
            return Moment(datetime.fromisoformat(instant))
        case {"at": instant}:
            return datetime.fromisoformat(instant)
        case {"day": day}:
            return date.fromisoformat(day)
        case _:
            return cast("str | int", kept)
