"""A client of the simulator's control interface, for tests and the demo."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from http.client import HTTPConnection
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from simulator.control_orders import Event, History
from simulator.counting import Counting

T = TypeVar("T")


class ControlFailed(Exception):
    """The simulator refused a control request; the text says why."""


class LedgerPay(msgspec.Struct, rename="camel"):
    """A payment of the ledger: `fee` is what it did to the balance, `customer_money` the balance after it."""

    fee: Decimal
    type: int
    pay_type: int
    customer_money: Decimal
    pay_time: int
    memo: str


class LedgerCharge(msgspec.Struct, rename="camel"):
    money: Decimal
    type: int
    customer_money: Decimal
    time: int


class LedgerAccount(msgspec.Struct, rename="camel"):
    """The whole ledger of one account; `calls` is a count, the fees are sums."""

    account: str
    money: Decimal
    limit_money: Decimal
    opening: Decimal
    pays: list[LedgerPay]
    charges: list[LedgerCharge]
    calls: int
    call_fees: Decimal
    agent_fees: Decimal

    @property
    def explained(self) -> Decimal:
        """Return the balance that opening, payments, charges and calls add up to."""
        paid = sum((row.fee for row in self.pays), Decimal(0))
        charged = sum((row.money for row in self.charges), Decimal(0))
        return self.opening + paid - charged - self.call_fees - self.agent_fees


class ReceivedRequest(msgspec.Struct):
    """A request that the switch got: `at` in milliseconds; `body` None when it was no JSON; `acted` when it did it."""

    at: int
    body: dict[str, Any] | None
    acted: bool


class InjectedFault(msgspec.Struct):
    operation: str
    kind: str
    seen: int
    injected: int


class Stats(msgspec.Struct):
    requests: dict[str, int]
    total: int


class Flooded(msgspec.Struct):
    calls: int
    fee: Decimal


class _Added(msgspec.Struct, rename="camel"):
    flow_no: int


class _Happened(msgspec.Struct, rename="camel"):
    flow_nos: list[int]


class _Balance(msgspec.Struct):
    money: Decimal


class _Performed(msgspec.Struct):
    performed: int


class Control:
    """The client. `base_url` is the control address, `http://127.0.0.1:PORT`."""

    def __init__(self, base_url: str, timeout: float = 30.0) -> None:
        parts = urlsplit(base_url)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or 80
        self._timeout = timeout

    def stats(self) -> Stats:
        return self._get("/control/stats", Stats)

    def reset_stats(self) -> None:
        self._post("/control/stats/reset")

    def reset(self, seed: int | None = None) -> None:
        """Go back to the fresh sample world: no faults, nothing counted, nothing pending, the clock right."""
        self._post("/control/reset", {"seed": seed})

    def account(self, account: str) -> LedgerAccount:
        return self._get(f"/control/account?account={quote(account)}", LedgerAccount)

    def received(self, operation: str) -> list[ReceivedRequest]:
        return self._get(f"/control/received?operation={quote(operation)}", list[ReceivedRequest])

    def add_fault(
        self,
        operation: str,
        kind: str,
        *,
        count: int | None = None,
        rate: float | None = None,
        seed: int = 0,
        after: int = 0,
        seconds: float | None = None,
        amount: Decimal | None = None,
        code: int | None = None,
        length: int | None = None,
        answer: str | None = None,
        day: str | None = None,
        account: str | None = None,
        accounts_over: int | None = None,
        longer_than: int | None = None,
        row: str | None = None,
        field: str | None = None,
        value: str | None = None,
    ) -> None:
        """Adds one of `simulator.faults.Kind`, whose order explains the options; neither count nor rate: always."""
        options = {
            "count": count,
            "rate": rate,
            "seconds": seconds,
            "amount": amount,
            "code": code,
            "length": length,
            "answer": answer,
            "day": day,
            "account": account,
            "accounts_over": accounts_over,
            "longer_than": longer_than,
            "row": row,
            "field": field,
            "value": value,
        }
        given = {name: value for name, value in options.items() if value is not None}
        self._post("/control/faults", {"operation": operation, "kind": kind, "seed": seed, "after": after, **given})

    def faults(self) -> list[InjectedFault]:
        return self._get("/control/faults", list[InjectedFault])

    def clear_faults(self) -> None:
        self._call("DELETE", "/control/faults", None)

    def drain(self) -> int:
        """Does what `apply_later` put off, and says how many requests that were."""
        return self._post_for("/control/drain", {}, _Performed).performed

    def pause(self) -> None:
        """The switch stops listening: connections are refused."""
        self._post("/control/pause", {"paused": True})

    def resume(self) -> None:
        self._post("/control/pause", {"paused": False})

    def add_call(
        self,
        account: str,
        callee: str,
        *,
        start: int,
        seconds: int = 60,
        fee: Decimal = Decimal(0),
        agent_fee: Decimal = Decimal(0),
        fields: Mapping[str, Any] | None = None,
        silent: bool = False,
    ) -> int:
        """Adds a record, bills it unless `silent`, and returns its flowNo; `start` in milliseconds, `fields` by
        wire name."""
        order = {
            "account": account,
            "callee": callee,
            "start": start,
            "seconds": seconds,
            "fee": fee,
            "agentFee": agent_fee,
            "silent": silent,
            "fields": fields or {},
        }
        return self._post_for("/control/calls/add", order, _Added).flow_no

    def edit_call(
        self,
        flow_no: int,
        *,
        fee: Decimal | None = None,
        agent_fee: Decimal | None = None,
        fields: Mapping[str, Any] | None = None,
        silent: bool = False,
    ) -> None:
        """Changes a record; unless `silent`, balances follow the difference of the fees."""
        order: dict[str, Any] = {"flowNo": flow_no, "silent": silent, "fields": fields or {}}
        self._post("/control/calls/edit", {**order, "fee": fee, "agentFee": agent_fee})

    def remove_call(self, flow_no: int, *, silent: bool = False) -> None:
        self._post("/control/calls/remove", {"flowNo": flow_no, "silent": silent})

    def pay(
        self,
        account: str,
        amount: Decimal,
        memo: str = "",
        pay_type: int = 0,
        at: int | None = None,
        customer_money: Decimal | None = None,
    ) -> Decimal:
        """Book a payment from elsewhere and return the balance after it. One that states its own moves no balance."""
        order = {
            "account": account,
            "amount": amount,
            "memo": memo,
            "payType": pay_type,
            "at": at,
            "customerMoney": customer_money,
        }
        return self._post_for("/control/pay", order, _Balance).money

    def add_card(self, pin: str, password: str, money: Decimal) -> None:
        """Add a voucher card, good for a year; one that exists already stays as it is."""
        self._post("/control/card", {"pin": pin, "password": password, "money": money})

    def history(self, events: Sequence[Event]) -> list[int]:
        """Book all of these events in this order; return the flow numbers of the calls among them."""
        happened = self._call("POST", "/control/history", History(list(events)))
        return msgspec.json.decode(happened, type=_Happened).flow_nos

    def charge(self, account: str, amount: Decimal, kind: int = 0, at: int | None = None) -> Decimal:
        """Book a charge that is no call; return the balance after it."""
        order = {"account": account, "amount": amount, "type": kind, "at": at}
        return self._post_for("/control/charge", order, _Balance).money

    def set_money(self, account: str, money: Decimal) -> None:
        """Sets a balance without any row that explains it."""
        self._post("/control/money", {"account": account, "money": money})

    def count(self, counting: Counting) -> None:
        """Set how calls are listed by day and counted in reports from now on, until the next reset."""
        self._post("/control/counting", msgspec.to_builtins(counting))

    def shift_clock(self, seconds: float) -> None:
        """Set how much the switch's clock is off from now on."""
        self._post("/control/clock", {"offset_seconds": seconds})

    def flood(self, account: str, day: str, calls: int, seed: int = 1) -> Flooded:
        """Adds a day (yyyyMMdd) of very many calls, billed at once."""
        return self._post_for("/control/flood", {"account": account, "day": day, "calls": calls, "seed": seed}, Flooded)

    def _get(self, path: str, kind: type[T]) -> T:
        return msgspec.json.decode(self._call("GET", path, None), type=kind)

    def _post(self, path: str, body: Mapping[str, Any] | None = None) -> None:
        self._call("POST", path, body or {})

    def _post_for(self, path: str, body: Mapping[str, Any], kind: type[T]) -> T:
        return msgspec.json.decode(self._call("POST", path, body), type=kind)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | History | None) -> bytes:
        connection = HTTPConnection(self._host, self._port, timeout=self._timeout)
        try:
            connection.request(method, path, None if body is None else msgspec.json.encode(body))
            answer = connection.getresponse()
            raw = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise ControlFailed(raw.decode("utf-8", "replace"))
        return raw
