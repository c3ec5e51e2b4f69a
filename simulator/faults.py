"""Faults that a test asks for: which request they strike, and what happens to it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from http import HTTPStatus
from itertools import chain
from random import Random
from threading import Lock
from typing import Any

import msgspec

from simulator.cdr import RecordStream
from simulator.contract import Operation
from simulator.refusals import NOT_FOUND, UNLISTED, not_found
from simulator.replies import DROPPED, Manner, Reply, answer_reply, page
from simulator.switch import Answer, Switch

_LATE_SECONDS = 2.0
_APPLY_LATER_SECONDS = 600.0
_CLOCK_SKEW_SECONDS = 900.0
_TRICKLE_SECONDS = 30.0
_MEMO_LENGTH = 8
_REDIRECT_CODES = frozenset({301, 302, 303, 307, 308})


class Kind(StrEnum):
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    LATE = "late"
    LATE_CODE_BEFORE = "late_code_before"
    LATE_CODE_AFTER = "late_code_after"
    UNLISTED_CODE = "unlisted_code"
    UNLISTED_CODE_AFTER = "unlisted_code_after"
    LISTED_CODE = "listed_code"
    EMPTY_BEFORE = "empty_before"
    EMPTY_AFTER = "empty_after"
    CUT_BODY = "cut_body"
    HTML_403 = "html_403"
    ERROR_500_BEFORE = "error_500_before"
    ERROR_500_AFTER = "error_500_after"
    REDIRECT = "redirect"
    NON_UTF8 = "non_utf8"
    WRONG_PAY_MONEY = "wrong_pay_money"
    APPLY_LATER = "apply_later"
    TRUNCATE_MEMO = "truncate_memo"
    CLOCK_SKEW = "clock_skew"
    SLOW_TRICKLE = "slow_trickle"
    ODD_ROW = "odd_row"


class FaultOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Befalls requests of `operation` ("*": any): the first `count` after skipping `after`, or each with chance `rate`.

    `seconds` is the delay, the spread of a trickle, the skew of the clock, or when `apply_later` acts.
    `amount` is the wrong payMoney; `code` the retCode or the redirect's status; `length` what is left of a memo.
    `answer` "code" lets `apply_later` answer a code instead of a reset. With `day`, only requests with this beginTime
    are befallen, with `account` only those that ask for it, with `accounts_over` only those that ask for more accounts
    than so many; of an operation that acts, answers of no more than `longer_than` bytes stay as they are.
    `odd_row` writes `value`, bytes of JSON in Latin-1, into the `field` of the first row that holds `row`: without a
    value it leaves the field out, without a field the value takes the place of the row.
    """

    kind: Kind
    operation: str = "*"
    count: int | None = None
    rate: float | None = None
    seed: int = 0
    after: int = 0
    seconds: float | None = None
    amount: Decimal | None = None
    code: int | None = None
    length: int = _MEMO_LENGTH
    answer: str = "drop"
    day: str | None = None
    account: str | None = None
    accounts_over: int = 0
    longer_than: int = 0
    row: str = ""
    field: str | None = None
    value: str | None = None

    def is_about(self, operation: str, body: Mapping[str, Any]) -> bool:
        if self.operation not in {"*", operation} or (self.day is not None and body.get("beginTime") != self.day):
            return False
        accounts = body.get("accounts", ())
        if self.account is not None and self.account not in accounts:
            return False
        return not self.accounts_over or len(accounts) > self.accounts_over


@dataclass
class Fault:
    order: FaultOrder
    seen: int = 0
    injected: int = 0
    draw: Random = field(init=False)

    def __post_init__(self) -> None:
        self.draw = Random(self.order.seed)

    def befalls(self, operation: str, body: Mapping[str, Any]) -> bool:
        if not self.order.is_about(operation, body):
            return False
        if self.order.count is not None and self.injected >= self.order.count:
            return False
        self.seen += 1
        if self.seen <= self.order.after:
            return False
        if self.order.rate is not None and self.draw.random() >= self.order.rate:
            return False
        self.injected += 1
        return True

    def seconds(self, usual: float) -> float:
        return usual if self.order.seconds is None else self.order.seconds


class Faults:
    def __init__(self) -> None:
        self._lock = Lock()
        self._faults: list[Fault] = []

    def add(self, order: FaultOrder) -> None:
        with self._lock:
            self._faults.append(Fault(order))

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def all(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def match(self, operation: str, body: Mapping[str, Any]) -> Fault | None:
        """Find the first fault that strikes this request."""
        with self._lock:
            return next((fault for fault in self._faults if fault.befalls(operation, body)), None)


_REFUSED_BEFORE: Mapping[Kind, Reply] = {
    Kind.DROP_BEFORE: DROPPED,
    Kind.EMPTY_BEFORE: Reply(),
    Kind.HTML_403: page(HTTPStatus.FORBIDDEN),
    Kind.ERROR_500_BEFORE: page(HTTPStatus.INTERNAL_SERVER_ERROR),
}
_LOST_AFTER: Mapping[Kind, Reply] = {
    Kind.DROP_AFTER: DROPPED,
    Kind.EMPTY_AFTER: Reply(),
    Kind.ERROR_500_AFTER: page(HTTPStatus.INTERNAL_SERVER_ERROR),
}


def befall(
    fault: Fault,
    switch: Switch,
    operation: Operation,
    body: Mapping[str, Any],
    path: str,
    note: Callable[[Answer], None],
) -> Reply:
    """Answer one request as the fault has it; `note` is told of the answer when the switch acts."""
    kind = fault.order.kind
    if kind in _REFUSED_BEFORE:
        return _REFUSED_BEFORE[kind]
    if kind is Kind.REDIRECT:
        code = fault.order.code if fault.order.code in _REDIRECT_CODES else HTTPStatus.TEMPORARY_REDIRECT
        return Reply(status=int(code), location=path)
    if kind is Kind.APPLY_LATER:
        switch.postpone(operation, body, fault.seconds(_APPLY_LATER_SECONDS), note)
        return DROPPED if fault.order.answer == "drop" else _code(fault, UNLISTED)
    if kind in {Kind.LATE_CODE_BEFORE, Kind.UNLISTED_CODE, Kind.LISTED_CODE}:
        return _code(fault, NOT_FOUND if kind is Kind.LISTED_CODE else UNLISTED)
    if kind is Kind.TRUNCATE_MEMO and isinstance(body.get("memo"), str):
        body = {**body, "memo": body["memo"][: fault.order.length]}
    answer = _perform(fault, switch, operation, body)
    note(answer)
    return _after(fault, answer)


def _after(fault: Fault, answer: Answer) -> Reply:
    kind = fault.order.kind
    if kind in _LOST_AFTER:
        return _LOST_AFTER[kind]
    if kind in {Kind.LATE_CODE_AFTER, Kind.UNLISTED_CODE_AFTER}:
        return _code(fault, UNLISTED)
    if kind is Kind.WRONG_PAY_MONEY:
        answer = _with_wrong_money(answer, fault.order.amount)
    if kind is Kind.ODD_ROW:
        answer = _with_odd_row(answer, fault.order)
    reply = answer_reply(answer)
    if fault.order.longer_than:
        whole = reply.body if isinstance(reply.body, bytes) else b"".join(reply.body)
        reply = replace(reply, body=whole)
        if len(whole) <= fault.order.longer_than:
            return reply
    return _disturbed(fault, reply)


def _perform(fault: Fault, switch: Switch, operation: Operation, body: Mapping[str, Any]) -> Answer:
    if fault.order.kind is not Kind.CLOCK_SKEW:
        return switch.perform(operation, body)
    skew = int(fault.seconds(_CLOCK_SKEW_SECONDS) * 1000)
    return switch.perform_at(operation, body, skew)


def _disturbed(fault: Fault, reply: Reply) -> Reply:
    kind = fault.order.kind
    if kind is Kind.LATE:
        return replace(reply, delay=fault.seconds(_LATE_SECONDS))
    if kind is Kind.CUT_BODY:
        return replace(reply, manner=Manner.CUT)
    if kind is Kind.SLOW_TRICKLE:
        return replace(reply, manner=Manner.TRICKLE, seconds=fault.seconds(_TRICKLE_SECONDS))
    if kind is Kind.NON_UTF8:
        return replace(reply, body=_spoiled(reply.body))
    return reply


def _spoiled(body: bytes | Iterator[bytes]) -> bytes | Iterator[bytes]:
    spoiled = b'{"note":"\xff\xfe caf\xe9",'
    if isinstance(body, bytes):
        return spoiled + body[1:]
    return chain([spoiled + next(body, b"{")[1:]], body)


def _code(fault: Fault, usual: int) -> Reply:
    code = usual if fault.order.code is None else fault.order.code
    text = not_found().text if code == NOT_FOUND else "Timeout, operation failed."
    late = fault.order.kind in {Kind.LATE_CODE_BEFORE, Kind.LATE_CODE_AFTER}
    delay = fault.seconds(_LATE_SECONDS) if late else 0.0
    return replace(answer_reply({"retCode": code, "exception": text}), delay=delay)


def _with_wrong_money(answer: Answer, amount: Decimal | None) -> Answer:
    if isinstance(answer, RecordStream) or "infoPay" not in answer:
        return answer
    right: Decimal = answer["infoPay"]["payMoney"]
    return {**answer, "infoPay": {**answer["infoPay"], "payMoney": right + 1 if amount is None else amount}}


def _with_odd_row(answer: Answer, order: FaultOrder) -> Answer:
    if isinstance(answer, RecordStream):
        return answer
    for key, rows in answer.items():
        for place, row in enumerate(rows if isinstance(rows, list) else ()):
            if isinstance(row, Mapping) and order.row in map(str, row.values()):
                return {**answer, key: [*rows[:place], _odd(row, order), *rows[place + 1 :]]}
    return answer


def _odd(row: Mapping[str, Any], order: FaultOrder) -> Any:
    value = None if order.value is None else msgspec.Raw(order.value.encode("latin-1"))
    return value if order.field is None else {**row, order.field: value}
