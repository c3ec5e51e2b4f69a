"""What every record of the switch is made of: amounts that are amounts, and instants in milliseconds of UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Annotated, get_type_hints

from msgspec import Meta, Struct

ZERO = Decimal(0)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Up to the last year but one that a datetime can hold, so that a change of zone never overflows.
LAST_MILLIS = 253339228799999
Millis = Annotated[int, Meta(ge=0, le=LAST_MILLIS)]

# A Java double's own range: what lies outside was never printed by one.
LARGEST_AMOUNT = Decimal("1E400")
LOWEST_AMOUNT = -LARGEST_AMOUNT


def instant(millis: int) -> datetime:
    return EPOCH + timedelta(milliseconds=millis)


@cache
def _decimal_fields(record: type[Struct]) -> tuple[str, ...]:
    return tuple(name for name, hint in get_type_hints(record).items() if hint in (Decimal, Decimal | None))


def is_sound(amount: Decimal) -> bool:
    try:
        return LOWEST_AMOUNT < amount < LARGEST_AMOUNT
    except InvalidOperation:  # not a number
        return False


class Record(Struct, frozen=True, kw_only=True, rename="camel"):
    def __post_init__(self) -> None:
        for name in _decimal_fields(type(self)):
            amount = getattr(self, name)
            if amount is not None and not is_sound(amount):
                raise ValueError(f"{name} is not an amount")
