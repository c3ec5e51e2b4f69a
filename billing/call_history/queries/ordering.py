"""The orders of calls, and positions in them. All end with (started_at, flow_no), so that no two calls are equal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import BooleanField, F, Func, QuerySet, Value
from django.db.models.functions import Greatest
from django.db.models.lookups import GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual

from billing.call_history.queries.filters import Order
from billing.calls.models import Call
from billing.lib.cursors import from_long_cursor, to_cursor

SORTED_BY = {Order.NEWEST: None, Order.LONGEST: "talk_seconds", Order.DEAREST: "fee"}
FEE_PLACES = 6


@dataclass(frozen=True)
class Position:
    """Where a call stands. `value` is what the order sorts by before time, None where that is time alone."""

    at: datetime
    flow_no: int
    value: int | Decimal | None = None

    @property
    def key(self) -> tuple[int | Decimal | datetime, ...]:
        return (self.at, self.flow_no) if self.value is None else (self.value, self.at, self.flow_no)

    @property
    def next(self) -> Position:
        """The first position after this one where a call could stand."""
        return replace(self, flow_no=self.flow_no - 1)

    def cursor(self) -> str:
        if self.value is None:
            return to_cursor(self.at, self.flow_no)
        value = int(self.value.scaleb(FEE_PLACES)) if isinstance(self.value, Decimal) else self.value
        return to_cursor(self.at, self.flow_no, value)


def place_from(cursor: str | None, order: Order) -> Position | None:
    """The position that a cursor stands for; None for a text that is no position in this order."""
    found = from_long_cursor(cursor, before=int(order != Order.NEWEST))
    if found is None:
        return None
    (*values,), at, flow_no = found
    if not values:
        return Position(at, flow_no)
    return Position(at, flow_no, Decimal(values[0]).scaleb(-FEE_PLACES) if order == Order.DEAREST else values[0])


def place_of(call: Call, order: Order) -> Position:
    field = SORTED_BY[order]
    return Position(call.started_at, call.flow_no, getattr(call, field) if field else None)


@dataclass(frozen=True)
class Ordering:
    """A way through calls in an order: on, or `back` to its beginning.

    `by_index` lets the database follow an index that has the order; otherwise it sorts what there is, which is quicker
    when that is little.
    """

    order: Order
    back: bool = False
    by_index: bool = True

    def ordered(self, calls: QuerySet[Call]) -> QuerySet[Call]:
        sign = "" if self.back else "-"
        first, *others = self._fields
        if not self.by_index:
            # The same, but in the order of it there is no index.
            calls, first = calls.alias(sorted_by=Greatest(first, first)), "sorted_by"
        return calls.order_by(*(sign + name for name in (first, *others)))

    def after(self, calls: QuerySet[Call], place: Position) -> QuerySet[Call]:
        compare = GreaterThan if self.back else LessThan
        return self._near(calls, place, newer=self.back).filter(compare(self._row(), _row_of(place)))

    def until(self, calls: QuerySet[Call], place: Position) -> QuerySet[Call]:
        """The calls that come first, up to the one in that place."""
        compare = LessThanOrEqual if self.back else GreaterThanOrEqual
        return self._near(calls, place, newer=not self.back).filter(compare(self._row(), _row_of(place)))

    def nth(self, calls: QuerySet[Call], number: int) -> Position | None:
        """Where the call of that number, from one on, stands; None where there are fewer."""
        keys = self.ordered(calls).values_list(*self._fields)[number - 1 : number]
        for *value, at, flow_no in keys:
            return Position(at, flow_no, *value)
        return None

    def _near(self, calls: QuerySet[Call], place: Position, *, newer: bool) -> QuerySet[Call]:
        """Implied by the comparison of rows: it tells which partitions, and where in their indexes, not to look."""
        if self.order != Order.NEWEST:
            return calls
        return calls.filter(started_at__gte=place.at) if newer else calls.filter(started_at__lte=place.at)

    @property
    def _fields(self) -> tuple[str, ...]:
        field = SORTED_BY[self.order]
        return (field, "started_at", "flow_no") if field else ("started_at", "flow_no")

    def _row(self) -> Func:
        return Func(*map(F, self._fields), function="ROW", output_field=BooleanField())


def _row_of(place: Position) -> Func:
    return Func(*map(Value, place.key), function="ROW", output_field=BooleanField())
