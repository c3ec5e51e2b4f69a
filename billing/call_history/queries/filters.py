"""Which calls of an account are looked at, and in which order. Rows, totals and files all go by one CallFilter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, F, Func, Q, QuerySet, TextField, Value

from accounts.models import Account
from billing.call_history.queries.numbers import NumberFilter
from billing.calls.models import Call
from billing.lib.days import begin_of, end_of


class Order(StrEnum):
    """The newest, longest or dearest call first; of equals the newer one."""

    NEWEST = "newest"
    LONGEST = "longest"
    DEAREST = "dearest"


@dataclass(frozen=True)
class CallFilter:
    """Days are days of `zone`, both included.

    `destination` is how the prefix that a call was charged by begins; `prefixes`: it is one of these.
    """

    zone: ZoneInfo
    first: date | None = None
    last: date | None = None
    callee: NumberFilter | None = None
    caller: NumberFilter | None = None
    answered: bool | None = None
    destination: str = ""
    prefixes: tuple[str, ...] | None = None
    level: int | None = None
    ended_by: int | None = None
    least_seconds: int | None = None
    least_fee: Decimal | None = None
    order: Order = Order.NEWEST

    @property
    def narrows(self) -> bool:
        """Whether it wants only some of the calls of its days."""
        return bool(self.conditions())

    def days(self) -> Q:
        wanted = Q()
        if self.first:
            wanted &= Q(started_at__gte=begin_of(self.first, self.zone))
        if self.last:
            wanted &= Q(started_at__lt=end_of(self.last, self.zone))
        return wanted

    def conditions(self) -> Q:
        """What the filter wants beside its days."""
        wanted = Q()
        for field, number in (("callee", self.callee), ("caller", self.caller)):
            if number:
                wanted &= number.of(field)
        if self.answered is not None:
            wanted &= Q(talk_seconds__gt=0) if self.answered else Q(talk_seconds__lte=0)
        if self.destination:
            wanted &= Q(fee_prefix__startswith=self.destination)
        if self.prefixes is not None:
            wanted &= Q(_is_any("fee_prefix", self.prefixes))
        if self.level is not None:
            wanted &= Q(call_level=self.level)
        if self.ended_by is not None:
            wanted &= Q(end_direction=self.ended_by)
        if self.least_seconds is not None:
            wanted &= Q(talk_seconds__gte=self.least_seconds)
        if self.least_fee is not None:
            wanted &= Q(fee__gte=self.least_fee)
        return wanted


def _is_any(field: str, texts: Sequence[str]) -> Func:
    """Like IN, but in one parameter however many texts there are: PostgreSQL looks them up by their hash."""
    listed = Func(Value(list(texts), output_field=ArrayField(TextField())), function="ANY")
    return Func(F(field), listed, template="%(expressions)s", arg_joiner=" = ", output_field=BooleanField())


def of_days(*, account: Account, chosen: CallFilter) -> QuerySet[Call]:
    """All calls of the filter's days, whatever else the filter wants."""
    return Call.objects.filter(chosen.days(), account=account)


def matching(*, account: Account, chosen: CallFilter) -> QuerySet[Call]:
    """The calls that the filter wants, in no order."""
    return of_days(account=account, chosen=chosen).filter(chosen.conditions())
