"""What a switch's answers tell of the time zone in which it reads the times of requests.

Instants in answers are in no zone, and times in requests are in the switch's own: whether a payment of a known instant
is listed for a time of that zone narrows the zone down, and so does which calls a day has. Only offsets from UTC can be
told from this; several zones have each.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from functools import cache
from itertools import islice
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

from billing.vos3000 import Admission, Client, Endpoint, Resting, SwitchError, Withheld
from billing.vos3000.operations.calls import Cdr, get_cdr
from billing.vos3000.operations.customers import get_all_customers
from billing.vos3000.operations.payments import get_pay_history
from billing.vos3000.operations.reports import CustomerFee, get_report_customer_fee
from billing.vos3000.times import ANY_ZONE

QUARTER, SECOND, DAY = timedelta(minutes=15), timedelta(seconds=1), timedelta(days=1)
OFFSETS = tuple(n * QUARTER for n in range(-12 * 4, 14 * 4 + 1))
PAYMENTS_SINCE, REPORTED_DAYS = timedelta(days=90), 7
MOST_ACCOUNTS, MOST_REPORTED, MOST_CALLS = 8, 50, 3000
# Named first where several zones have the offset.
COMMON_ZONES = (
    *("UTC", "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Dubai", "Asia/Karachi", "Asia/Kolkata", "Asia/Dhaka"),
    *("Asia/Bangkok", "Asia/Tokyo", "Europe/London", "Europe/Berlin", "Europe/Istanbul", "Africa/Lagos"),
    *("America/New_York", "America/Chicago", "America/Los_Angeles", "America/Sao_Paulo", "Australia/Sydney"),
)
MOST_NAMED = 3


T = TypeVar("T")


class Source(Enum):
    PAYMENT = "payment"
    CALLS = "calls"
    REPORT = "report"


@dataclass(frozen=True)
class Evidence:
    """The offsets from UTC that are possible for the switch's local time at an instant.

    A daily report may follow the zone of its account: it tells what to expect, and decides nothing.
    """

    source: Source
    at: datetime
    offsets: frozenset[timedelta]

    @property
    def decides(self) -> bool:
        return self.source is not Source.REPORT

    def allows(self, zone: ZoneInfo) -> bool:
        return _offset_at(self.at, zone) in self.offsets


@dataclass(frozen=True)
class KnownPayment:
    """A payment that the switch is known to have, by its account and instant."""

    account: str
    paid_at: datetime


def gather(
    endpoint: Endpoint, admission: Admission, *, payments: Sequence[KnownPayment], numbers: Sequence[str], now: datetime
) -> list[Evidence]:
    """Collect what the switch's answers about these payments and accounts tell. Raises Withheld.

    Without payments or numbers the switch is asked for some. What it does not answer tells nothing.
    """
    with Client(replace(endpoint, time_zone=ZoneInfo("UTC")), admission) as asking:
        numbers = list(numbers) or _some_numbers(asking)
        reports = _reports(asking, numbers, now)
        expected = [_of_report(row) for row in reports[:1]]
        for payment in list(payments) or _some_payments(asking, numbers, now):
            likely = [_offset_at(payment.paid_at, endpoint.time_zone), *(o for e in expected for o in e.offsets)]
            if found := _of_payment(asking, payment, likely):
                return [*expected, found]
        return [*expected, *_of_calls(asking, reports)]


def _offset_at(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def impossible(zone: ZoneInfo, evidence: Sequence[Evidence]) -> Evidence | None:
    """Return the evidence that the zone is not the switch's, if there is any."""
    return next((found for found in evidence if found.decides and not found.allows(zone)), None)


def possible_offset(evidence: Sequence[Evidence]) -> tuple[datetime, timedelta] | None:
    """Return the one offset that is left, and the instant at which it held; None where several are left."""
    decisive = [found for found in evidence if found.decides and len(found.offsets) == 1]
    return (decisive[0].at, next(iter(decisive[0].offsets))) if decisive else None


def possible_zones(evidence: Sequence[Evidence]) -> list[str]:
    """Name some zones that fit everything, the common ones first; where calls leave several, the report chooses."""
    deciding = [found for found in evidence if found.decides]
    if not deciding:
        deciding = list(evidence)
    elif not any(len(found.offsets) == 1 for found in deciding):
        deciding += [found for found in evidence if found.offsets & deciding[0].offsets]
    if not deciding:
        return []
    return list(islice((name for name in _zones() if all(e.allows(ZoneInfo(name)) for e in deciding)), MOST_NAMED))


@cache
def _zones() -> tuple[str, ...]:
    return (*COMMON_ZONES, *sorted(name for name in available_timezones() - {*COMMON_ZONES} if "/" in name))


def _some_numbers(client: Client) -> list[str]:
    """Choose accounts that are likely to have payments: those with the most money, either way."""
    try:
        listed = get_all_customers(client)
    except SwitchError as error:
        return _nothing_of([], error)
    return [row.account for row in sorted(listed, key=lambda row: -abs(row.money))[:MOST_REPORTED]]


def _some_payments(client: Client, numbers: Sequence[str], now: datetime) -> list[KnownPayment]:
    """Find the newest payment of one of the accounts."""
    for number in numbers[:MOST_ACCOUNTS]:
        try:
            rows = get_pay_history(client, account=number, begin=now - PAYMENTS_SINCE, end=now + ANY_ZONE)
        except SwitchError as error:
            _nothing_of(None, error)
            continue
        paid = [row.paid_at for row in rows if row.account == number]
        if paid:
            return [KnownPayment(number, max(paid))]
    return []


def _of_payment(client: Client, payment: KnownPayment, likely: Sequence[timedelta]) -> Evidence | None:
    """Ask for the payment at the times that it had in one zone after another, then in half of those left each time."""

    def is_listed(first: timedelta, last: timedelta) -> bool:
        begin, end = payment.paid_at + first - SECOND, payment.paid_at + last + SECOND
        rows = get_pay_history(client, account=payment.account, begin=begin, end=end)
        return any(row.paid_at == payment.paid_at for row in rows)

    def exactly(offset: timedelta) -> Evidence | None:
        found = Evidence(Source.PAYMENT, payment.paid_at, frozenset({offset}))
        return found if is_listed(offset, offset) else None

    try:
        for offset in dict.fromkeys(likely):
            if found := exactly(offset):
                return found
        if not is_listed(OFFSETS[0], OFFSETS[-1]):
            return None
        left = OFFSETS
        while len(left) > 1:
            lower, upper = left[: len(left) // 2], left[len(left) // 2 :]
            left = lower if is_listed(lower[0], lower[-1]) else upper
        return exactly(left[0])
    except SwitchError as error:
        return _nothing_of(None, error)


def _reports(client: Client, numbers: Sequence[str], now: datetime) -> list[CustomerFee]:
    """Read the days of these accounts that are over in every zone, those with the fewest calls first."""
    last = (now - ANY_ZONE).date() - DAY
    if not numbers:
        return []
    try:
        rows = get_report_customer_fee(
            client, accounts=numbers[:MOST_REPORTED], first=last - REPORTED_DAYS * DAY, last=last
        )
    except SwitchError as error:
        return _nothing_of([], error)
    return sorted((row for row in rows if row.cdr_count > 0), key=lambda row: row.cdr_count)


def _of_report(row: CustomerFee) -> Evidence:
    """A day begins at midnight: how far that is from midnight in UTC is the offset, or it and one a day less."""
    begins = datetime.fromtimestamp(row.begin_time / 1000, UTC)
    behind = begins - datetime.combine(begins.date(), time.min, UTC)
    return Evidence(Source.REPORT, begins, frozenset(o for o in (-behind, DAY - behind) if o in OFFSETS))


def _of_calls(client: Client, reports: Sequence[CustomerFee]) -> list[Evidence]:
    """See which offsets have all calls of one day start or end on it. Of calls late and early in a day few are left."""
    found: list[Evidence] = []
    for row in [*reports[len(reports) // 2 :], *reports][:2]:
        for offset in _of_report(row).offsets:
            begins = datetime.fromtimestamp(row.begin_time / 1000, UTC)
            found += _of_calls_on(client, row.account, (begins + offset).date())
    return found


def _of_calls_on(client: Client, account: str, day: date) -> list[Evidence]:
    try:
        with closing(get_cdr(client, accounts=[account], first=day, last=day)) as records:
            calls = [record for record in islice(records, MOST_CALLS) if isinstance(record, Cdr)]
    except SwitchError as error:
        return _nothing_of([], error)
    begins = datetime.combine(day, time.min, UTC)
    offsets = frozenset(offset for offset in OFFSETS if all(_is_on(call, begins - offset) for call in calls))
    return [Evidence(Source.CALLS, begins, offsets)] if calls and offsets else []


def _is_on(call: Cdr, begins: datetime) -> bool:
    """Whether a call starts or ends on the day that begins then; one that was not answered may have no start."""
    return any(begins <= at < begins + DAY for at in (call.started_at, call.stopped_at))


def _nothing_of(nothing: T, error: SwitchError) -> T:
    """Take a failure for an answer that tells nothing; raise where the budget keeps every question back."""
    if isinstance(error, Withheld) and not isinstance(error, Resting):
        raise error
    return nothing
