"""The control interface of tests and demos: JSON in and out, only from this machine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from simulator.bookings import ControlError, book_charge, book_pay, changes_of, found, happen, record_call, set_money
from simulator.clock import read_day
from simulator.control_orders import (
    CallEdit,
    CallOrder,
    CallRemoval,
    CardOrder,
    ChargeOrder,
    ClockOffset,
    FloodOrder,
    History,
    MoneyOrder,
    Pause,
    PayOrder,
    Reset,
)
from simulator.counting import Counting
from simulator.faults import FaultOrder
from simulator.flood import Flood
from simulator.interface import Interface
from simulator.records import PhoneCard
from simulator.replies import Reply
from simulator.state import State

Handler = Callable[[Mapping[str, str], bytes], Any]

_YEAR_MS = 365 * 86_400_000


@dataclass
class Controls:
    """What control requests do. `pause` and `resume` close and open the interface's port; None if control shares it."""

    interface: Interface
    pause: Callable[[], None] | None = None
    resume: Callable[[], None] | None = None
    routes: Mapping[tuple[str, str], Handler] = field(init=False)

    def __post_init__(self) -> None:
        self.routes = {
            ("GET", "/control/stats"): self._stats,
            ("POST", "/control/stats/reset"): self._reset_stats,
            ("POST", "/control/reset"): self._reset,
            ("GET", "/control/account"): self._account,
            ("GET", "/control/received"): self._received,
            ("GET", "/control/faults"): self._list_faults,
            ("POST", "/control/faults"): self._add_fault,
            ("DELETE", "/control/faults"): self._clear_faults,
            ("POST", "/control/drain"): self._drain,
            ("POST", "/control/pause"): self._pause,
            ("POST", "/control/calls/add"): self._add_call,
            ("POST", "/control/calls/edit"): self._edit_call,
            ("POST", "/control/calls/remove"): self._remove_call,
            ("POST", "/control/pay"): self._pay,
            ("POST", "/control/card"): self._card,
            ("POST", "/control/charge"): self._charge,
            ("POST", "/control/money"): self._money,
            ("POST", "/control/clock"): self._clock,
            ("POST", "/control/flood"): self._flood,
            ("POST", "/control/history"): self._history,
            ("POST", "/control/counting"): self._counting,
        }

    @property
    def state(self) -> State:
        return self.interface.switch.state

    def handle(self, method: str, path: str, raw: bytes) -> Reply:
        parts = urlsplit(path)
        handler = self.routes.get((method, parts.path))
        if handler is None:
            return _json({"error": "no such control"}, HTTPStatus.NOT_FOUND)
        try:
            return _json(handler(dict(parse_qsl(parts.query)), raw or b"{}"), HTTPStatus.OK)
        except ControlError as error:
            return _json({"error": str(error)}, error.status)
        except (msgspec.MsgspecError, ValueError) as error:
            return _json({"error": str(error)}, HTTPStatus.BAD_REQUEST)

    def _stats(self, query: Mapping[str, str], raw: bytes) -> Any:
        counts = self.interface.journal.counts()
        return {"requests": counts, "total": sum(counts.values())}

    def _reset_stats(self, query: Mapping[str, str], raw: bytes) -> Any:
        self.interface.journal.clear()
        return {}

    def _reset(self, query: Mapping[str, str], raw: bytes) -> Any:
        self.interface.reset(msgspec.json.decode(raw, type=Reset).seed)
        return {}

    def _received(self, query: Mapping[str, str], raw: bytes) -> Any:
        return self.interface.journal.received(query.get("operation", ""))

    def _list_faults(self, query: Mapping[str, str], raw: bytes) -> Any:
        return [
            {**msgspec.to_builtins(fault.order), "seen": fault.seen, "injected": fault.injected}
            for fault in self.interface.faults.all()
        ]

    def _add_fault(self, query: Mapping[str, str], raw: bytes) -> Any:
        self.interface.faults.add(msgspec.json.decode(raw, type=FaultOrder))
        return {}

    def _clear_faults(self, query: Mapping[str, str], raw: bytes) -> Any:
        self.interface.faults.clear()
        return {}

    def _drain(self, query: Mapping[str, str], raw: bytes) -> Any:
        return {"performed": self.interface.switch.drain()}

    def _pause(self, query: Mapping[str, str], raw: bytes) -> Any:
        act = self.pause if msgspec.json.decode(raw, type=Pause).paused else self.resume
        if act is None:
            raise ControlError(HTTPStatus.CONFLICT, "a pause needs --control-port")
        act()
        return {}

    def _account(self, query: Mapping[str, str], raw: bytes) -> Any:
        with self.interface.switch.lock:
            self.interface.switch.advance()
            account = found(self.state, query.get("account", ""))
            ledger, name = self.state.ledger, account.account
            return {
                "account": name,
                "money": _text(account.money),
                "limitMoney": _text(account.limit_money),
                "opening": _text(account.opening),
                "pays": [
                    {
                        "fee": _text(row.effect),
                        "type": row.kind,
                        "payType": row.method,
                        "customerMoney": _text(row.money_after),
                        "payTime": row.at,
                        "memo": row.memo,
                    }
                    for row in ledger.pays[name]
                ],
                "charges": [
                    {
                        "money": _text(row.money),
                        "type": row.kind,
                        "customerMoney": _text(row.money_after),
                        "time": row.at,
                    }
                    for row in ledger.charges[name]
                ],
                "calls": len(ledger.calls[name]) + sum(flood.count for flood in ledger.floods_of(name)),
                "callFees": _text(ledger.call_fees(name)),
                "agentFees": _text(ledger.agent_fees(name)),
            }

    def _pay(self, query: Mapping[str, str], raw: bytes) -> Any:
        with self.interface.switch.lock:
            return {"money": _text(book_pay(self.state, msgspec.json.decode(raw, type=PayOrder)))}

    def _card(self, query: Mapping[str, str], raw: bytes) -> Any:
        """Add a voucher card, good for a year; one that exists already stays as it is."""
        order = msgspec.json.decode(raw, type=CardOrder)
        with self.interface.switch.lock:
            card = PhoneCard(order.pin, order.password, order.money, expires=self.state.clock.now() + _YEAR_MS)
            self.state.tables.cards.setdefault(order.pin, card)
        return {}

    def _charge(self, query: Mapping[str, str], raw: bytes) -> Any:
        with self.interface.switch.lock:
            return {"money": _text(book_charge(self.state, msgspec.json.decode(raw, type=ChargeOrder)))}

    def _money(self, query: Mapping[str, str], raw: bytes) -> Any:
        with self.interface.switch.lock:
            set_money(self.state, msgspec.json.decode(raw, type=MoneyOrder))
        return {}

    def _history(self, query: Mapping[str, str], raw: bytes) -> Any:
        """Book the events; return the flow numbers of the call records among them, in their order."""
        history = msgspec.json.decode(raw, type=History)
        with self.interface.switch.lock:
            flows = [happen(self.state, event) for event in history.events]
        return {"flowNos": [flow_no for flow_no in flows if flow_no is not None]}

    def _counting(self, query: Mapping[str, str], raw: bytes) -> Any:
        counting = msgspec.json.decode(raw, type=Counting)
        with self.interface.switch.lock:
            self.state.counting = counting
        return {}

    def _clock(self, query: Mapping[str, str], raw: bytes) -> Any:
        with self.interface.switch.lock:
            self.state.clock.offset_ms = int(msgspec.json.decode(raw, type=ClockOffset).offset_seconds * 1000)
            return {"now": self.state.clock.now()}

    def _add_call(self, query: Mapping[str, str], raw: bytes) -> Any:
        with self.interface.switch.lock:
            return {"flowNo": record_call(self.state, msgspec.json.decode(raw, type=CallOrder))}

    def _edit_call(self, query: Mapping[str, str], raw: bytes) -> Any:
        order = msgspec.json.decode(raw, type=CallEdit)
        changes = changes_of(order.fields)
        if order.fee is not None:
            changes["fee"] = order.fee
        if order.agent_fee is not None:
            changes["agent_fee"] = order.agent_fee
        with self.interface.switch.lock:
            self._known_call(order.flow_no)
            self.state.ledger.edit(order.flow_no, changes, silent=order.silent)
        return {}

    def _remove_call(self, query: Mapping[str, str], raw: bytes) -> Any:
        order = msgspec.json.decode(raw, type=CallRemoval)
        with self.interface.switch.lock:
            self._known_call(order.flow_no)
            self.state.ledger.remove(order.flow_no, silent=order.silent)
        return {}

    def _known_call(self, flow_no: int) -> None:
        if flow_no not in self.state.ledger.by_flow:
            raise ControlError(HTTPStatus.NOT_FOUND, f"no call record {flow_no}")

    def _flood(self, query: Mapping[str, str], raw: bytes) -> Any:
        order = msgspec.json.decode(raw, type=FloodOrder)
        with self.interface.switch.lock:
            account = found(self.state, order.account)
            agent = self.state.ledger.accounts.get(account.agent)
            day: date = read_day(order.day)
            ledger, clock = self.state.ledger, self.state.clock
            flood = Flood(
                account=account.account,
                account_name=account.name,
                agent=account.agent,
                agent_name=agent.name if agent else "",
                count=order.calls,
                seed=order.seed,
                begin=clock.day_start(day),
                end=clock.day_end(day),
                first_flow=ledger.next_flow,
            )
            ledger.next_flow += order.calls
            ledger.add_flood(flood)
            totals = flood.totals()
            return {"calls": totals.count, "fee": _text(totals.fee)}


def _text(value: Decimal) -> str:
    return format(value, "f")


def _json(value: Any, status: HTTPStatus) -> Reply:
    return Reply(msgspec.json.encode(value), status=status.value, content_type="application/json")
