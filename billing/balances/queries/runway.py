"""How many days what an account can spend will last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Sum

from accounts.models import Account, Switch
from billing.balances.models import Charge
from billing.calls.models import Call, CallDay
from billing.lib.amounts import ZERO
from billing.lib.days import begin_of, day_of

# Whole weeks, so that weekends weigh what they should. Today is not among these days, because it is not over.
LAST_DAYS = 14


def days_left(account: Account, now: datetime) -> int | None:
    """How many days what one account can spend lasts; None where that is not known (see `days_left_of`)."""
    return days_left_of(accounts=[account], now=now)[account.pk]


def days_left_of(*, accounts: Sequence[Account], now: datetime) -> dict[int, int | None]:
    """How many days what each account can spend lasts at the pace of the last two weeks, by the key of the account.

    None where nothing was spent, or days of those weeks are not fetched. Asks three queries a switch at most.
    """
    switches = {account.switch_id: account.switch for account in accounts}
    left: dict[int, int | None] = {}
    for switch in switches.values():
        pace = _Pace(switch, [account for account in accounts if account.switch_id == switch.pk], now)
        left |= {account.pk: pace.days_left(account) for account in pace.accounts}
    return left


class _Pace:
    """What the accounts of one switch spent over the last two weeks, and how many of those days are fetched."""

    def __init__(self, switch: Switch, accounts: Sequence[Account], now: datetime) -> None:
        self.switch, self.accounts = switch, accounts
        self.today = day_of(now, switch.zone)
        self.first = self.today - timedelta(days=LAST_DAYS)
        self.period = (begin_of(self.first, switch.zone), begin_of(self.today, switch.zone))
        self.fetched: dict[int, int] = {}
        self.spent: dict[int, Decimal] = {}
        self._add_calls()
        self._add_charges()
        self._add_agent_fees()

    def days_left(self, account: Account) -> int | None:
        if account.spendable is None:
            return None
        if account.spendable <= 0:
            return 0
        spent, days = self.spent.get(account.pk, ZERO), self._days_of(account)
        if spent <= 0 or days <= 0 or self.fetched.get(account.pk, 0) < days:
            return None
        return int(account.spendable * days / spent)

    def _days_of(self, account: Account) -> int:
        """On how many of the days the account existed."""
        opened = day_of(account.opened_at, self.switch.zone) if account.opened_at else self.first
        return (self.today - max(self.first, opened)).days

    def _add_calls(self) -> None:
        days = CallDay.objects.filter(account__in=self.accounts, day__gte=self.first, day__lt=self.today)
        rows = days.filter(fetched_at__isnull=False).values_list("account").annotate(Sum("fee"), Count("id"))
        for account_id, fee, count in rows:
            self.spent[account_id], self.fetched[account_id] = fee, count

    def _add_charges(self) -> None:
        begin, end = self.period
        charges = Charge.objects.filter(account__in=self.accounts, charged_at__gte=begin, charged_at__lt=end)
        for account_id, amount in charges.values_list("account").annotate(Sum("amount")):
            self.spent[account_id] = self.spent.get(account_id, ZERO) + amount

    def _add_agent_fees(self) -> None:
        agents = {account.number: account.pk for account in self.accounts if account.is_agent}
        if not agents:
            return
        begin, end = self.period
        calls = Call.objects.filter(switch=self.switch, agent_number__in=agents, ended_at__gte=begin, ended_at__lt=end)
        for number, amount in calls.values_list("agent_number").annotate(Sum("agent_fee")):
            self.spent[agents[number]] = self.spent.get(agents[number], ZERO) + amount
