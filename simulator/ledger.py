"""Money: every change of a balance goes through here and leaves its row."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from simulator.flood import Flood
from simulator.records import ZERO, Account, Call, Charge, ChargeKind, Pay, PayKind, PayMethod

LONGEST_CALL_MS = 24 * 3600 * 1000


def _start(call: Call) -> int:
    return call.start


@dataclass
class Ledger:
    accounts: dict[str, Account] = field(default_factory=dict)
    pays: dict[str, list[Pay]] = field(default_factory=dict)
    charges: dict[str, list[Charge]] = field(default_factory=dict)
    calls: dict[str, list[Call]] = field(default_factory=dict)
    by_flow: dict[int, Call] = field(default_factory=dict)
    floods: list[Flood] = field(default_factory=list)
    next_flow: int = 1_700_000_001

    def copy(self) -> "Ledger":
        """Copy what holds the rows: they themselves never change."""
        return Ledger(
            accounts={key: copy(account) for key, account in self.accounts.items()},
            pays={key: list(rows) for key, rows in self.pays.items()},
            charges={key: list(rows) for key, rows in self.charges.items()},
            calls={key: list(rows) for key, rows in self.calls.items()},
            by_flow=dict(self.by_flow),
            floods=list(self.floods),
            next_flow=self.next_flow,
        )

    def open(self, account: Account) -> None:
        """Adds an account whose `money` is its opening balance, without a row."""
        account.opening = account.money
        self.accounts[account.account] = account
        self.pays[account.account] = []
        self.charges[account.account] = []
        self.calls[account.account] = []

    def find(self, account: str) -> Account | None:
        found = self.accounts.get(account)
        return None if found is None or found.canceled else found

    def living(self) -> list[Account]:
        return [account for account in self.accounts.values() if not account.canceled]

    def children(self, agent: str) -> list[Account]:
        return [account for account in self.living() if account.agent == agent]

    def descendants(self, agent: str) -> list[Account]:
        found: list[Account] = []
        waiting, seen = [agent], {agent}
        while waiting:
            for child in self.children(waiting.pop()):
                if child.account not in seen:
                    seen.add(child.account)
                    found.append(child)
                    waiting.append(child.account)
        return found

    def new_flow(self) -> int:
        self.next_flow += 1
        return self.next_flow - 1

    def pay(self, account: Account, effect: Decimal, *, kind: PayKind, method: PayMethod, memo: str, at: int) -> Pay:
        account.money += effect
        row = Pay(account.account, effect, kind, method, account.money, at, memo)
        self.pays[account.account].append(row)
        return row

    def charge(self, account: Account, money: Decimal, *, kind: ChargeKind, at: int, name: int = 0) -> Charge:
        account.money -= money
        row = Charge(account.account, money, kind, account.money, at, name)
        self.charges[account.account].append(row)
        return row

    def record(self, call: Call, *, silent: bool = False) -> None:
        """Adds a call record and, unless `silent`, charges the account, and the agent for its share."""
        rows = self.calls[call.account]
        if not rows or rows[-1].start <= call.start:
            rows.append(call)
        else:
            insort(rows, call, key=_start)
        self.by_flow[call.flow_no] = call
        if not silent:
            self._bill(call, 1)

    def remove(self, flow_no: int, *, silent: bool = False) -> Call:
        """Remove a call record. Raises KeyError for an unknown one."""
        call = self.by_flow.pop(flow_no)
        rows = self.calls[call.account]
        place = bisect_left(rows, call.start, key=_start)
        while rows[place].flow_no != flow_no:
            place += 1
        del rows[place]
        if not silent:
            self._bill(call, -1)
        return call

    def edit(self, flow_no: int, changes: dict[str, Any], *, silent: bool = False) -> Call:
        """Replaces fields of a record; unless `silent`, balances follow the difference. Raises KeyError."""
        before = self.remove(flow_no, silent=silent)
        after = replace(before, **changes)
        self.record(after, silent=silent)
        return after

    def _bill(self, call: Call, sign: int) -> None:
        self.accounts[call.account].money -= sign * call.fee
        agent = self.accounts.get(call.agent_account)
        if agent is not None:
            agent.money -= sign * call.agent_fee

    def add_flood(self, flood: Flood) -> None:
        self.floods.append(flood)
        totals = flood.totals()
        self.accounts[flood.account].money -= totals.fee
        if flood.agent in self.accounts:
            self.accounts[flood.agent].money -= totals.agent_fee

    def floods_of(self, account: str) -> Iterator[Flood]:
        return (flood for flood in self.floods if flood.account == account)

    def started_between(self, account: str, begin: int, end: int) -> list[Call]:
        rows = self.calls[account]
        return rows[bisect_left(rows, begin, key=_start) : bisect_left(rows, end, key=_start)]

    def stopped_between(self, account: str, begin: int, end: int) -> list[Call]:
        near = self.started_between(account, begin - LONGEST_CALL_MS, end)
        return [call for call in near if begin <= call.stop < end]

    def spent_between(self, account: str, begin: int, end: int) -> Decimal:
        fees = sum((call.fee for call in self.stopped_between(account, begin, end)), ZERO)
        fees += sum((flood.totals().fee for flood in self.floods_of(account) if begin <= flood.begin < end), ZERO)
        return fees + sum((row.money for row in self.charges[account] if begin <= row.at < end), ZERO)

    def call_fees(self, account: str) -> Decimal:
        flooded = sum((flood.totals().fee for flood in self.floods_of(account)), ZERO)
        return flooded + sum((call.fee for call in self.calls[account]), ZERO)

    def agent_fees(self, agent: str) -> Decimal:
        """Sum up what the calls of its children cost an agent."""
        flooded = sum((flood.totals().agent_fee for flood in self.floods if flood.agent == agent), ZERO)
        return flooded + _sum_agent_fees(agent, self.by_flow.values())


def _sum_agent_fees(agent: str, calls: Iterable[Call]) -> Decimal:
    return sum((call.agent_fee for call in calls if call.agent_account == agent), ZERO)
