"""Writes amounts on the staff site as everywhere else: in lists, on pages, and in the fields of forms."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from accounts.lib.money import money
from accounts.lib.money_columns import MONEY_PLACES
from accounts.services import audit
from accounts.web.number_field import WrittenDecimalField


class AmountField(WrittenDecimalField):
    def prepare_value(self, value: Any) -> Any:
        return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def as_written(model: type[models.Model], names: Iterable[Any]) -> list[Any]:
    """Names of fields as admin takes them, with a function in place of each that holds an amount."""
    return [column(model, name) if isinstance(name, str) and _is_amount(model, name) else name for name in names]


def as_written_unless_editable(
    model: type[models.Model], names: Iterable[Any], readonly: Collection[Any] | None
) -> list[Any]:
    """What can only be read is written; what can be changed stays a field. `readonly` None: nothing can be changed."""
    names = list(names)
    written = as_written(model, names)
    if readonly is None:
        return written
    return [shown if shown in readonly else name for name, shown in zip(names, written, strict=True)]


@cache
def column(model: type[models.Model], name: str) -> Callable[[models.Model], str]:
    @admin.display(description=model._meta.get_field(name).verbose_name, ordering=name)  # type: ignore[union-attr]  # a relation that points here is no amount
    def amount(row: models.Model) -> str:
        return money(getattr(row, name), _currency_of(row))

    amount.__name__ = name
    return amount


def _is_amount(model: type[models.Model], name: str) -> bool:
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    # A number of another kind has other places.
    return isinstance(field, models.DecimalField) and field.decimal_places == MONEY_PLACES


def _currency_of(row: models.Model) -> str:
    """The row's own currency, else that of its account's switch."""
    own = getattr(row, "currency", None)
    account = audit.account_of(row)
    return str(own) if own else account.switch.currency if account else ""
