"""Why a call cost what it cost: the arithmetic of its rate, and whether it gives what was charged."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from billing.calls.models import MILLIONTH, Call
from billing.lib.amounts import ZERO
from billing.packages.models import PackageList
from billing.rates.models import Rate, RateGroup


class Verdict(StrEnum):
    NOTHING_CHARGED = "nothing charged"
    EXPLAINED = "explained"
    OTHERWISE = "otherwise"  # today's rate gives another fee
    NO_RATE = "no rate"  # today's rates have none for the record's prefix
    NOT_KNOWN = "not known"  # the rates were never read


@dataclass(frozen=True)
class Step:
    """`times` intervals of `seconds` at `fee` each."""

    times: int
    seconds: int
    fee: Decimal
    is_first: bool

    @property
    def amount(self) -> Decimal:
        return self.times * self.fee


@dataclass(frozen=True)
class Priced:
    """`fee` and `seconds` are what the record says, a package's share included; `computed` is what the rate gives."""

    verdict: Verdict
    fee: Decimal
    seconds: int
    rate: Rate | None = None
    steps: tuple[Step, ...] = ()
    computed: Decimal = ZERO


def explain_price(call: Call, group: RateGroup | None) -> Priced:
    """Explain a call's price by the rate for the prefix that the switch says the call matched."""
    fee, seconds = call.fee + call.package_fee, call.billed_seconds + call.package_seconds
    if not fee and not seconds:
        return Priced(Verdict.NOTHING_CHARGED, fee, seconds)
    if group is None or group.read_at is None:
        return Priced(Verdict.NOT_KNOWN, fee, seconds)
    rate = group.rates.filter(prefix=call.fee_prefix).first()
    if rate is None:
        return Priced(Verdict.NO_RATE, fee, seconds)
    steps = steps_of(rate, seconds)
    computed = sum((step.amount for step in steps), ZERO)
    verdict = Verdict.EXPLAINED if _is_the_same(computed, fee) else Verdict.OTHERWISE
    return Priced(verdict, fee, seconds, rate, steps, computed)


def is_of_package(call: Call) -> bool:
    """Whether a package paid for some of the call."""
    return bool(call.package_seconds or call.package_fee)


def package_list_of(call: Call) -> PackageList | None:
    """What is known of the account's packages; None where none paid for the call, or they were never asked for."""
    return PackageList.objects.filter(account=call.account).first() if is_of_package(call) else None


def packages_of(call: Call, known: PackageList | None) -> list[str]:
    """Names of those packages of the account that may have paid for the call: its record names none."""
    if known is None:
        return []
    running = known.packages.filter(begins_at__lte=call.started_at).exclude(ends_at__lte=call.started_at)
    return sorted({package.name for package in running if call.callee.startswith(tuple(package.prefixes))})


def steps_of(rate: Rate, seconds: int) -> tuple[Step, ...]:
    """The first intervals one after another, then whole periods; an interval that has begun counts as a whole."""
    steps: list[Step] = []
    covered = 0
    for fee, length in zip(rate.first_fees, rate.first_seconds, strict=True):
        if covered >= seconds:
            return tuple(steps)
        steps.append(Step(1, length, fee, is_first=True))
        covered += length
    periods = -(-(seconds - covered) // rate.period)
    if periods > 0:
        steps.append(Step(periods, rate.period, rate.fee, is_first=False))
    return tuple(steps)


def _is_the_same(computed: Decimal, fee: Decimal) -> bool:
    """The switch computes in doubles, and six places of a fee are kept."""
    return abs(computed - fee) <= MILLIONTH
