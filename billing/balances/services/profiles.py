"""Profiles of accounts: name, agent, lock, expiry and balance, as the switch states them (manual §3.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy

from accounts.models import Account, ExpiryKind, LockType, Switch
from accounts.models.account import LONGEST_NUMBER
from billing.balances.services import readings
from billing.lib.amounts import is_money, stored
from billing.lib.reasons import Because, Reason
from billing.switches.services import asking_by_halves, unusable_answers
from billing.switches.services.asking_by_halves import Question
from billing.switches.services.clients import client
from billing.switches.services.unusable_answers import why_unusable
from billing.vos3000 import Client, Listed, RowFault, UnreadableRow
from billing.vos3000 import ExpiryKind as StatedExpiry
from billing.vos3000.operations.customers import Customer, CustomerBrief, get_customers

C = TypeVar("C", bound=CustomerBrief)

OPERATION = "GetCustomer"
BATCH = 100
DEEPEST_TREE = 50
EXPIRIES = {
    StatedExpiry.AT: ExpiryKind.AT,
    StatedExpiry.NEVER: ExpiryKind.NEVER,
    StatedExpiry.SYSTEM_DEFAULT: ExpiryKind.SYSTEM_DEFAULT,
}


class NotOnSwitch(Reason):
    """Why there is no row of an account."""

    NO_SUCH_ACCOUNT = "profile.no_such_account", gettext_lazy("The switch has no account called %(number)s.")


class UnknownAccount(Exception):
    """The switch has no account of that number."""

    def __init__(self, number: str) -> None:
        self.because = Because(NotOnSwitch.NO_SUCH_ACCOUNT, {"number": number})
        super().__init__(self.because)


def ensure(*, switch: Switch, number: str, now: datetime) -> Account:
    """Return the row of an account, and ask the switch for one not known yet. Raises UnknownAccount and SwitchError."""
    known = Account.objects.filter(switch=switch, number=number, profile_at__isnull=False).first()
    if known:
        return known
    with client(switch) as asking:
        customers = usable(get_customers(asking, accounts=[number])).whole(OPERATION)
        _keep(switch, [number], customers, now)
    account = Account.objects.filter(switch=switch, number=number, profile_at__isnull=False).first()
    if account is None:
        raise UnknownAccount(number)
    return account


@dataclass
class Refreshed:
    """How many of the accounts the switch knows, and which it may know but says nothing usable of."""

    known: int = 0
    failed: dict[str, Because] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.known} profiles, {len(self.failed)} unusable"


def refresh(*, switch: Switch, numbers: Sequence[str], now: datetime, only_due: bool = False) -> Refreshed:
    """Read the profiles of these accounts, a hundred at a time. Raises SwitchError.

    Those that the switch does not know are marked as missing. With `only_due` an account is left out whose profile
    could not be used, until it is its turn to be tried again.
    """
    with client(switch) as asking:
        return refresh_with(switch, asking, numbers, now, only_due=only_due)


def refresh_with(
    switch: Switch, asking: Client, numbers: Sequence[str], now: datetime, *, only_due: bool = False
) -> Refreshed:
    """Do what `refresh` does, with a client that is open already."""
    refreshed = Refreshed()
    question = Question(switch, OPERATION, partial(_profiles_of, asking), at=now, only_due=only_due)
    for answered in asking_by_halves.ask(question, numbers, most=BATCH):
        _keep(switch, answered.answered - answered.failed.keys(), answered.rows, now)
        refreshed.known += len(answered.rows)
        refreshed.failed |= answered.failed
    return refreshed


def _profiles_of(asking: Client, numbers: Sequence[str]) -> Listed[Customer]:
    customers = usable(get_customers(asking, accounts=numbers))
    if customers or customers.unreadable or len(numbers) == 1:
        return customers
    # "Not found" may mean one of them alone, and must not make all of them missing.
    found = [_profiles_of(asking, [number]) for number in numbers]
    return Listed(chain(*found), chain(*(listed.unreadable for listed in found)))


def _keep(switch: Switch, numbers: Iterable[str], customers: Sequence[Customer], now: datetime) -> None:
    """Save what an answer for these accounts says, and mark those that it does not list as missing."""
    save(switch=switch, customers=customers, sent=now)
    unknown = set(numbers) - {customer.account for customer in customers}
    held = Account.objects.filter(switch=switch, number__in=unknown, missing_since__isnull=True)
    held.update(missing_since=now)


def refresh_children(*, agent: Account, now: datetime) -> int:
    """Read the profile of every account below an agent in one request. Raises SwitchError.

    Returns how many there are.
    """
    with client(agent.switch) as asking:
        customers = usable(get_customers(asking, agent=agent.number))
    failed = {row.name: why_unusable(row) for row in customers.unreadable if row.name}
    unusable_answers.note(switch=agent.switch, operation=OPERATION, failed=failed, now=now)
    save(switch=agent.switch, customers=customers, sent=now)
    return len(customers)


def save(*, switch: Switch, customers: Sequence[Customer], sent: datetime) -> None:
    """Write what one answer says. A row that was read later than the question was `sent` keeps what it has."""
    usable = [customer for customer in customers if is_usable(customer)]
    agents = {customer.agent_account for customer in usable if customer.agent_account}
    rows = known_or_new(switch=switch, numbers={customer.account for customer in usable} | agents)
    with transaction.atomic():
        # All writers lock rows in one order, so that two never wait for each other.
        for customer in sorted(usable, key=lambda customer: rows[customer.account].pk):
            _save_one(rows[customer.account], customer, rows.get(customer.agent_account), sent)
    for number in agents & rows.keys():
        Account.objects.filter(pk=rows[number].pk, is_agent=False).update(is_agent=True)
    readings.keep(accounts=[rows[customer.account].pk for customer in usable], at=sent)


def usable(listed: Listed[C]) -> Listed[C]:
    """Count the rows whose id or balance is impossible among those that cannot be read."""
    impossible = [customer for customer in listed if not is_usable(customer)]
    if not impossible:
        return listed
    bad = (UnreadableRow(customer.account[:LONGEST_NUMBER], RowFault.IMPOSSIBLE) for customer in impossible)
    return Listed((customer for customer in listed if is_usable(customer)), (*listed.unreadable, *bad))


def is_usable(customer: CustomerBrief) -> bool:
    """Whether id and balance are possible; an account with others must not keep the rest from being read."""
    amounts = (customer.money, customer.limit_money)
    return 0 < len(customer.account) <= LONGEST_NUMBER and all(is_money(amount) for amount in amounts)


def known_or_new(*, switch: Switch, numbers: set[str]) -> dict[str, Account]:
    """Return rows by number, made for accounts that have none yet. Numbers too long for a row are left out."""
    usable = [number for number in sorted(numbers) if 0 < len(number) <= LONGEST_NUMBER]
    known = set(Account.objects.filter(switch=switch, number__in=usable).values_list("number", flat=True))
    new = [Account(switch=switch, number=number) for number in usable if number not in known]
    Account.objects.bulk_create(new, ignore_conflicts=True)
    return {row.number: row for row in Account.objects.filter(switch=switch, number__in=usable)}


def _save_one(row: Account, customer: Customer, agent: Account | None, sent: datetime) -> None:
    older = Account.objects.filter(pk=row.pk)
    older.filter(Q(profile_at__isnull=True) | Q(profile_at__lt=sent)).update(
        **_profile(row, customer, agent), profile_at=sent, missing_since=None
    )
    older.filter(Q(balance_at__isnull=True) | Q(balance_at__lt=sent)).update(
        balance=stored(customer.money), overdraft=stored(customer.limit_money), balance_at=sent
    )
    if customer.today_consumption is not None and is_money(customer.today_consumption):
        older.filter(Q(today_at__isnull=True) | Q(today_at__lt=sent)).update(
            today_charges=stored(customer.today_consumption), today_at=sent
        )


def _profile(row: Account, customer: Customer, agent: Account | None) -> dict[str, Any]:
    expiry = EXPIRIES[customer.expiry.kind] if customer.valid_time is not None else ExpiryKind.UNKNOWN
    profile: dict[str, Any] = {
        "name": customer.name[:200],
        "rate_group": customer.fee_rate_group[:200],
        "expiry": expiry,
        "valid_until": customer.expiry.instant if expiry == ExpiryKind.AT else None,
        "opened_at": customer.started_at,
        "parent": agent if agent and not _closes_a_loop(row, agent) else None,
    }
    if customer.is_locked is not None:
        profile["lock_type"] = LockType.LOCKED if customer.is_locked else LockType.OPEN
    if customer.is_agent is not None:
        profile["is_agent"] = customer.is_agent or row.children.exists()
    return profile


def _closes_a_loop(row: Account, agent: Account) -> bool:
    """Whether `row` stands above `agent` already. A tree that is deeper than any real one counts as a loop too."""
    above: int | None = agent.pk
    for _ in range(DEEPEST_TREE):
        if above is None:
            return False
        if above == row.pk:
            return True
        above = Account.objects.values_list("parent_id", flat=True).get(pk=above)
    return True
