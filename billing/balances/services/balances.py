"""Balances as the account's row keeps them: a switch is asked once at a time, and only for what is not fresh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Q

from accounts.models import Account, Switch
from billing.balances.services import profiles, readings
from billing.lib.amounts import stored
from billing.lib.locks import hold
from billing.lib.redis import connection as redis
from billing.switches.models import SwitchFailure
from billing.switches.services import unusable_answers
from billing.switches.services.clients import PAGE_TIMEOUT, client
from billing.switches.services.failures import FAILURES, failure
from billing.switches.services.unusable_answers import why_unusable
from billing.vos3000 import Client, Listed, TimedOut, UnexpectedStatus, Unreachable, Withheld
from billing.vos3000.operations.customers import CustomerBrief, get_all_customers, get_customers

LONGEST_QUESTION = timedelta(seconds=30)
REMEMBER_A_FAILURE = timedelta(seconds=5)

# Rows are locked in one order, so that two refreshes never wait for each other.
STORE = """
    WITH stated AS (
        SELECT * FROM unnest(%(numbers)s::text[], %(balances)s::numeric[], %(overdrafts)s::numeric[])
            AS stated (number, balance, overdraft)
    ), held AS (
        SELECT account.id, stated.balance, stated.overdraft
        FROM accounts_account account JOIN stated USING (number)
        WHERE account.switch_id = %(switch)s ORDER BY account.id FOR NO KEY UPDATE OF account
    )
    UPDATE accounts_account account
    SET balance = held.balance, overdraft = held.overdraft, balance_at = %(sent)s, missing_since = NULL
    FROM held
    WHERE account.id = held.id AND (account.balance_at IS NULL OR account.balance_at < %(sent)s)
    RETURNING account.id
"""


@dataclass(frozen=True)
class Figures:
    """An account with its figures as they are known now.

    `asked` says whether the switch was asked for them just now, `failure` why it could not tell them.
    """

    account: Account
    asked: bool
    failure: SwitchFailure | None = None


def current(*, account: Account, now: datetime) -> Figures:
    """Return balance, overdraft and today's charges, and ask for those that are not fresh. Raises no SwitchError."""
    if _is_fresh(account, now):
        return Figures(account, asked=False)
    with hold(f"balance:{account.pk}", longest=LONGEST_QUESTION) as lock:
        account.refresh_from_db()
        if lock is None or _is_fresh(account, now):
            return Figures(account, asked=False)
        if known := _failed_just_now(account):
            return Figures(account, asked=False, failure=known)
        return _ask(account, now)


def lock_agent(agent: Account) -> Account:
    """Lock the agent's row until the transaction ends, so that its transfers are decided one after the other."""
    return Account.objects.select_related("switch").select_for_update(of=("self",), no_key=True).get(pk=agent.pk)


def note_balance(*, account: Account, balance: Decimal, asked_at: datetime) -> None:
    """Keep a balance that the answer to a payment stated, unless a newer one is known."""
    older = Q(balance_at__isnull=True) | Q(balance_at__lt=asked_at)
    Account.objects.filter(older, pk=account.pk).update(balance=balance, balance_at=asked_at)


def _is_fresh(account: Account, now: datetime) -> bool:
    changed = account.money_changed_at
    if account.balance_at is None or (changed is not None and account.balance_at <= changed):
        return False
    return now - account.balance_at < account.switch.fresh_for


def _ask(account: Account, now: datetime) -> Figures:
    try:
        with client(account.switch, read_timeout=PAGE_TIMEOUT, total_timeout=PAGE_TIMEOUT) as asking:
            customers = profiles.usable(get_customers(asking, accounts=[account.number])).whole("GetCustomer")
        profiles.save(switch=account.switch, customers=customers, sent=now)
    except FAILURES as error:
        if not isinstance(error, Withheld):
            _remember_failure(_failure_key(account, error), failure(error))
        return Figures(account, asked=True, failure=failure(error))
    if not any(customer.account == account.number for customer in customers):
        Account.objects.filter(pk=account.pk, missing_since__isnull=True).update(missing_since=now)
        account.refresh_from_db()
        _remember_failure(_account_key(account), SwitchFailure.ACCOUNT_GONE)
        return Figures(account, asked=True, failure=SwitchFailure.ACCOUNT_GONE)
    account.refresh_from_db()
    return Figures(account, asked=True)


def _failed_just_now(account: Account) -> SwitchFailure | None:
    """Why another visitor's question failed a moment ago; the next visitor need not wait for the same time-out."""
    known = redis().mget([_switch_key(account), _account_key(account)])
    return next((SwitchFailure(code.decode()) for code in known if isinstance(code, bytes)), None)


def _remember_failure(key: str, why: SwitchFailure) -> None:
    redis().set(key, why.value, ex=REMEMBER_A_FAILURE)


def _failure_key(account: Account, error: Exception) -> str:
    """A switch that is silent is silent about all of its accounts; other failures are those of one account."""
    return _switch_key(account) if isinstance(error, TimedOut | Unreachable) else _account_key(account)


def _switch_key(account: Account) -> str:
    return f"balance:silent:{account.switch_id}"


def _account_key(account: Account) -> str:
    return f"balance:failed:{account.pk}"


def refresh_all(*, switch: Switch, now: datetime) -> int:
    """Read every balance of a switch in one request, and return how many there are. Raises SwitchError.

    Accounts not seen before get a row; one whose balance cannot be used is left out by name. A build
    without GetAllCustomers is asked for the accounts that the portal knows, a hundred at a time.
    """
    with client(switch) as asking:
        try:
            briefs = profiles.usable(get_all_customers(asking))
        except UnexpectedStatus as error:
            if not error.not_on_this_build:
                raise
            return _refresh_known(switch, asking, now)
        _store(switch, briefs, now)
        _look_after_unlisted(switch, asking, briefs, now)
    return len(briefs)


def _refresh_known(switch: Switch, asking: Client, now: datetime) -> int:
    numbers = list(Account.objects.filter(switch=switch).order_by("number").values_list("number", flat=True))
    return profiles.refresh_with(switch, asking, numbers, now, only_due=True).known


def _store(switch: Switch, briefs: Sequence[CustomerBrief], sent: datetime) -> None:
    stated = {brief.account: brief for brief in briefs}
    profiles.known_or_new(switch=switch, numbers=set(stated))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            STORE,
            {
                "numbers": list(stated),
                "balances": [stored(brief.money) for brief in stated.values()],
                "overdrafts": [stored(brief.limit_money) for brief in stated.values()],
                "switch": switch.pk,
                "sent": sent,
            },
        )
        changed = [row[0] for row in cursor.fetchall()]
    readings.keep(accounts=changed, at=sent)


def _look_after_unlisted(switch: Switch, asking: Client, briefs: Listed[CustomerBrief], sent: datetime) -> None:
    """Note by name the rows that cannot be used, and mark accounts that the switch does not list as missing.

    A row that does not say whose it is may be that of any account that is not listed: these are asked for themselves.
    """
    failed = {row.name: why_unusable(row) for row in briefs.unreadable}
    listed = {brief.account for brief in briefs} | failed.keys()
    unlisted = Account.objects.filter(switch=switch, missing_since__isnull=True).exclude(number__in=listed)
    # An account whose profile was read after this list was asked for is known to exist.
    unlisted = unlisted.exclude(profile_at__gte=sent)
    nameless = [row for row in briefs.unreadable if not row.name]
    if nameless:
        numbers = list(unlisted.order_by("pk").values_list("number", flat=True)[: profiles.BATCH])
        if len(numbers) == len(nameless) == 1:
            failed[numbers[0]] = failed.pop("")
        profiles.refresh_with(switch, asking, numbers, sent, only_due=True)
    elif listed:
        # An empty list is a switch in trouble rather than one without customers.
        unlisted.update(missing_since=sent)
    unusable_answers.note_all(switch=switch, operation="GetAllCustomers", failed=failed, now=sent)
