"""One stand-in switch with its accounts' past, as the control interface is told it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from random import Random
from urllib.parse import urlsplit

from accounts.models import Account, Switch
from bench.balances.discrepancies import Chooser, Discrepancy
from bench.balances.history import Called, Charged, Event, History, Moved, Paid, Person, invent
from bench.balances.plan import Plan
from billing.balances.models import Cause
from simulator import control_orders as orders
from simulator.control import Control

EVENTS_PER_REQUEST = 2000
CALLEE = "8613900000000"


@dataclass
class Town:
    switch: Switch
    control: Control
    history: History
    discrepancies: list[Discrepancy]

    @classmethod
    def found(cls, switch: Switch, control: Control, random: Random, plan: Plan, now: int) -> Town:
        """Its share of the plan; what moves balances without a row lies in its past already."""
        share = len(plan.zones)
        people = _people(plan.accounts // share)
        history = invent(
            random,
            people=people,
            calls=plan.calls // share,
            payments=plan.payments // share,
            days=plan.days,
            now=now,
        )
        chosen = Chooser(history, random).choose(plan.discrepancies // share)
        history.events += [found.moved for found in chosen if found.moved is not None]
        history.play()
        town = cls(switch, control, history, chosen)
        town._settle(people)
        # No page has ever shown these records.
        town._remove(Cause.LATE_RECORD)
        return town

    @property
    def numbers(self) -> list[str]:
        return [person.number for person in self.history.people]

    @property
    def accounts(self) -> list[Account]:
        return list(Account.objects.filter(switch=self.switch, number__in=self.numbers).select_related("switch"))

    def put_wrong(self) -> None:
        """The records that are edited, and those that go."""
        self._remove(Cause.RECORD_MISSING)
        for found in self.discrepancies:
            if found.call is not None and found.cause is Cause.RECORD_EDITED:
                self._edit(found.call, found)

    def put_right(self, discrepancies: Sequence[Discrepancy]) -> None:
        """Edits are taken back, and what had no row gets one; no balance moves."""
        for found in discrepancies:
            if found.moved is not None:
                moved = found.moved
                self.control.pay(moved.account, moved.moved, "found later", at=moved.at, customer_money=moved.balance)
            elif found.call is not None and found.cause is Cause.RECORD_EDITED:
                self._edit(found.call, found.call)
            elif found.call is not None:
                self.control.history([orders.Event(call=_call_order(found.call, silent=True))])

    def _remove(self, cause: Cause) -> None:
        for found in self.discrepancies:
            if found.call is not None and found.cause is cause:
                self.control.remove_call(found.call.flow_no, silent=True)

    def _edit(self, call: Called, to: Called | Discrepancy) -> None:
        self.control.edit_call(call.flow_no, fee=to.fee, agent_fee=to.agent_fee, silent=True)

    def _settle(self, people: Sequence[Person]) -> None:
        for person in people:
            _create(self.switch.url, person)
        for begin in range(0, len(self.history.events), EVENTS_PER_REQUEST):
            events = self.history.events[begin : begin + EVENTS_PER_REQUEST]
            flows = iter(self.control.history([_order(event) for event in events]))
            for event in events:
                if isinstance(event, Called):
                    event.flow_no = next(flows)


def _people(count: int) -> list[Person]:
    """Two agents, of whom one is below the other, with two of ten accounts each; the rest is on its own."""
    people = [Person("P-1"), Person("P-2", "P-1")]
    below = {0: "P-1", 1: "P-1", 2: "P-2", 3: "P-2"}
    return people + [Person(f"Q-{number:03d}", below.get(number % 10, "")) for number in range(count - len(people))]


def _order(event: Event) -> orders.Event:
    match event:
        case Paid():
            return orders.Event(pay=orders.PayOrder(event.account, event.amount, at=event.at))
        case Charged():
            return orders.Event(charge=orders.ChargeOrder(event.account, event.amount, at=event.at))
        case Called():
            return orders.Event(call=_call_order(event))
        case Moved():
            return orders.Event(money=orders.MoneyOrder(event.account, event.balance))
    raise TypeError(event)


def _call_order(call: Called, *, silent: bool = False) -> orders.CallOrder:
    return orders.CallOrder(
        account=call.account,
        callee=CALLEE,
        start=call.at - call.seconds * 1000,
        seconds=call.seconds,
        fee=call.fee,
        agent_fee=call.agent_fee,
        silent=silent,
    )


def _create(url: str, person: Person) -> None:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    body = {"account": person.number, "name": person.number, "agentAccount": person.agent or None}
    given = {name: value for name, value in body.items() if value is not None}
    try:
        connection.request("POST", "/external/server/CreateCustomer", json.dumps(given))
        if json.loads(connection.getresponse().read())["retCode"] != 0:
            raise RuntimeError(f"no account {person.number}")
    finally:
        connection.close()
