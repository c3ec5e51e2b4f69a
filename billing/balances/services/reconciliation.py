"""Reconciliation: opening + payments − calls − charges = closing, and a case for what nothing explains.

No figure is ever adjusted. Another run over the same records writes the same, and closes the cases that later records
have explained.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from accounts.models import Account
from billing.balances.models import BalanceReading, Case, Cause, Charge, Payment, Reconciliation
from billing.balances.services import causes
from billing.balances.services.balance_chain import (
    BOOKED_WITHIN,
    Chain,
    Flow,
    Gap,
    Stated,
)
from billing.balances.services.known_stretches import Stretch, stretches
from billing.calls.models import Call
from billing.calls.queries.retention import first_whole_day
from billing.lib.days import DAY, begin_of, end_of
from billing.lib.instants import MICROSECOND, from_micros, micros

MILLIONTHS = Decimal(10) ** 6
# Calls that began on a day that is not known may end in the first hours of the next, so those are not followed.
LONGEST_CALL = timedelta(hours=12)


@dataclass
class Reconciled:
    """What a reconciliation came to: how many days were whole, and which cases are open in the stretches looked at."""

    days: int = 0
    cases: list[Case] = field(default_factory=list)


@dataclass
class Ledger:
    """What is known of one stretch: the fees of the account's own calls, and what an agent pays for its customers'."""

    own: Flow
    agent: Flow
    payments: Flow
    charges: Flow
    chain: Chain


def reconcile(*, account: Account, first: date, last: date, now: datetime, until: datetime | None = None) -> Reconciled:
    """Reconcile the days of the switch's calendar that are known without a gap, by balances stated up to `until`."""
    reconciled = Reconciled()
    # Its day before is looked at too, and must have all of its calls as well.
    first = max(first, first_whole_day(now) + DAY) if first_whole_day(now) > date.min else first
    for stretch in stretches(account=account, first=first, last=last, until=until or now):
        ledger = _read(account, stretch)
        ledger.chain.find_gaps(micros(stretch.begin + LONGEST_CALL), micros(stretch.end))
        with transaction.atomic():
            # The lock lets one process at a time reconcile an account.
            Account.objects.select_for_update(no_key=True).get(pk=account.pk)
            _keep_evidence(account, ledger.chain.gaps)
            reconciled.days += sum(_write_day(account, day, ledger, now) for day in stretch.whole_days)
            reconciled.cases += _write_cases(account, stretch, ledger.chain, now)
    return reconciled


def _read(account: Account, stretch: Stretch) -> Ledger:
    slack = max(account.switch.clock_tolerance, MICROSECOND * BOOKED_WITHIN)
    begin, end = stretch.begin, stretch.end + slack
    own, agent = _call_fees(account, begin, end), _agent_fees(account, begin, end)
    payments = Payment.objects.filter(account=account, paid_at__range=(begin, end)).order_by("paid_at", "id")
    charges = Charge.objects.filter(account=account, charged_at__range=(begin, end)).order_by("charged_at", "id")
    readings = dict(
        BalanceReading.objects.filter(account=account, at__range=(begin, stretch.end)).values_list("at", "balance")
    )
    if account.balance is not None and account.balance_at is not None:
        # The latest balance is a reading too, kept only when it turns out to be one that nothing explains.
        readings[account.balance_at] = account.balance
    paid = [Stated(micros(row.paid_at), _units(row.balance_after), _units(row.amount)) for row in payments]
    charged = [Stated(micros(row.charged_at), _units(row.balance_after), -_units(row.amount)) for row in charges]
    chain = Chain(
        bookings=paid + charged,
        calls=_merged(own, agent),
        readings=[Stated(micros(at), _units(balance)) for at, balance in readings.items()],
        reading_slack=slack // MICROSECOND,
    )
    return Ledger(own, agent, _flow_of(paid), _flow_of(charged), chain)


def _keep_evidence(account: Account, gaps: list[Gap]) -> None:
    """Keep the latest balance when a gap ends with it: a later run must see that end when the balance has moved on."""
    if account.balance_at is None or account.balance is None:
        return
    if any(gap.end == micros(account.balance_at) for gap in gaps):
        BalanceReading.objects.get_or_create(
            account=account, at=account.balance_at, defaults={"balance": account.balance}
        )


def _call_fees(account: Account, begin: datetime, end: datetime) -> Flow:
    rows = Call.objects.filter(account=account, ended_at__gte=begin, ended_at__lte=end).exclude(fee=0)
    # Calls that began long before cannot end here; the bound lets the database leave out whole months.
    near = rows.filter(started_at__gte=begin - timedelta(days=8), started_at__lte=end)
    flow = Flow()
    for at, fee in near.order_by("ended_at").values_list("ended_at", "fee").iterator(chunk_size=5000):
        flow.add(micros(at), _units(fee))
    return flow


def _agent_fees(account: Account, begin: datetime, end: datetime) -> Flow:
    rows = Call.objects.filter(switch=account.switch, agent_number=account.number, ended_at__range=(begin, end))
    near = rows.exclude(agent_fee=0).filter(started_at__gte=begin - timedelta(days=8), started_at__lte=end)
    flow = Flow()
    for at, fee in near.order_by("ended_at").values_list("ended_at", "agent_fee").iterator(chunk_size=5000):
        flow.add(micros(at), _units(fee))
    return flow


def _merged(one: Flow, other: Flow) -> Flow:
    if not other.times:
        return one
    merged = Flow()
    for at, amount in sorted([*_amounts(one), *_amounts(other)]):
        merged.add(at, amount)
    return merged


def _amounts(flow: Flow) -> list[tuple[int, int]]:
    return [(at, flow.sums[place + 1] - flow.sums[place]) for place, at in enumerate(flow.times)]


def _flow_of(rows: list[Stated]) -> Flow:
    flow = Flow()
    for row in rows:
        flow.add(row.at, row.amount or 0)
    return flow


def _write_day(account: Account, day: date, ledger: Ledger, now: datetime) -> bool:
    """Write a day's row, and return whether its opening and closing are known. An equal row is not touched."""
    begin = micros(begin_of(day, account.switch.zone))
    end = micros(end_of(day, account.switch.zone))
    opening, closing = ledger.chain.balance_before(begin), ledger.chain.balance_before(end)
    if opening is None or closing is None:
        return False
    sums = {
        "payments": ledger.payments.between(begin, end),
        "calls": ledger.own.between(begin, end),
        "agent_fees": ledger.agent.between(begin, end),
        "charges": -ledger.charges.between(begin, end),
    }
    explained = sums["payments"] - sums["calls"] - sums["agent_fees"] - sums["charges"]
    figures = {"opening": opening, **sums, "difference": closing - opening - explained, "closing": closing}
    values = {name: _amount(units) for name, units in figures.items()}
    held = Reconciliation.objects.filter(account=account, day=day)
    if not held.filter(**values).exists():
        held.update_or_create(account=account, day=day, defaults={**values, "computed_at": now})
    return True


def _write_cases(account: Account, stretch: Stretch, chain: Chain, now: datetime) -> list[Case]:
    """Keep a case for each gap, close those that are explained by now, and return the open ones."""
    found: list[Case] = []
    likely = causes.likely(account=account, chain=chain, now=now)
    for gap in chain.gaps:
        case = _case(account, gap, likely[gap], found, now)
        if case is not None:
            found.append(case)
    if chain.anchors:
        begin = from_micros(chain.anchors[0].at)
        explained = Case.objects.filter(account=account, closed_at__isnull=True, begins_at__gte=begin)
        explained = explained.filter(ends_at__lte=stretch.end).exclude(pk__in=[case.pk for case in found])
        for case in explained:
            case.closed_at, case.is_explained = now, True
            case.save(update_fields=["closed_at", "is_explained"])
    return found


def _case(account: Account, gap: Gap, cause: Cause, before: list[Case], now: datetime) -> Case | None:
    """Return the open case of a gap, made when there is none; None when a person has closed just this case.

    Those `before` it are cases of other gaps: two gaps may end at one instant, with two payments.
    """
    ends_at, difference = from_micros(gap.end), _amount(gap.difference)
    cases = Case.objects.filter(account=account, ends_at=ends_at)
    closed_by_a_person = cases.filter(closed_at__isnull=False, is_explained=False, difference=difference)
    if closed_by_a_person.exists():
        return None
    facts = {"begins_at": from_micros(gap.begin), "difference": difference, "cause": cause}
    others = cases.filter(closed_at__isnull=True).exclude(pk__in=[case.pk for case in before])
    case = others.order_by("begins_at").first()
    if case is None:
        return Case.objects.create(account=account, ends_at=ends_at, opened_at=now, **facts)
    if any(getattr(case, name) != value for name, value in facts.items()):
        Case.objects.filter(pk=case.pk).update(**facts)
        case.refresh_from_db()
    return case


def _units(amount: Decimal) -> int:
    return int(amount * MILLIONTHS)


def _amount(units: int) -> Decimal:
    return Decimal(units) / MILLIONTHS
