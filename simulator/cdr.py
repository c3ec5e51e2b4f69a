"""Call records as GetCdr streams them, and which day they belong to."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Any

import msgspec

from simulator.clock import Clock
from simulator.counting import Counting
from simulator.flood import Flood
from simulator.javadouble import java_double
from simulator.ledger import Ledger
from simulator.options import NEWER_FIELDS
from simulator.records import ZERO, Call
from simulator.wire import write

_DOUBLES = ("fee", "suiteFee", "agentFee", "agentSuiteFee")
_RAW_ZERO = msgspec.Raw(b"0.0")
_CHUNK = 64 * 1024


class RecordStream:
    """The answer to GetCdr, written while it is read."""

    def __init__(self, calls: Iterable[Call], *, older: bool) -> None:
        self._calls = calls
        self._omitted = NEWER_FIELDS["InfoCdr"] if older else frozenset()

    def chunks(self) -> Iterator[bytes]:
        buffer = bytearray(b'{"retCode":0,"infoCdrs":[')
        separator = b""
        for call in self._calls:
            buffer += separator
            buffer += self._encode(call)
            separator = b","
            if len(buffer) >= _CHUNK:
                yield bytes(buffer)
                buffer.clear()
        buffer += b"]}"
        yield bytes(buffer)

    def _encode(self, call: Call) -> bytes:
        row: dict[str, Any] = msgspec.to_builtins(call, builtin_types=(Decimal,))
        for name in _DOUBLES:
            value = row[name]
            row[name] = _RAW_ZERO if value is ZERO else msgspec.Raw(java_double(value).encode())
        for name in self._omitted:
            del row[name]
        try:
            return msgspec.json.encode(row)
        except UnicodeEncodeError:
            return write(row)


def calls_of_days(
    ledger: Ledger, clock: Clock, account: str, days: tuple[date, date], counting: Counting
) -> Iterable[Call]:
    """The records of `account` on the days from the first to the last, made without holding a flood in memory."""
    begin, end = clock.day_start(days[0]), clock.day_end(days[1])
    rows: Iterable[Call] = counting.listed(ledger, account, begin, end)
    if counting.zero_start:
        rows = (call if call.hold_time else msgspec.structs.replace(call, start=0) for call in rows)
    return chain(rows, *(flood.calls() for flood in floods_between(ledger, account, begin, end)))


def floods_between(ledger: Ledger, account: str, begin: int, end: int) -> list[Flood]:
    return [flood for flood in ledger.floods_of(account) if begin <= flood.begin < end]


def matching(calls: Iterable[Call], wanted: Mapping[str, Any]) -> Iterable[Call]:
    """Filter records: numbers match by their beginning, gateways by their name."""
    prefixes = {"callerE164": "caller_e164", "calleeE164": "callee_e164"}
    names = {"callerGateway": "caller_gateway", "calleeGateway": "callee_gateway"}
    for key, attribute in prefixes.items():
        if wanted.get(key):
            calls = _beginning(calls, attribute, wanted[key])
    for key, attribute in names.items():
        if wanted.get(key):
            calls = _named(calls, attribute, wanted[key])
    return calls


def _beginning(calls: Iterable[Call], attribute: str, prefix: str) -> Iterator[Call]:
    return (call for call in calls if getattr(call, attribute).startswith(prefix))


def _named(calls: Iterable[Call], attribute: str, name: str) -> Iterator[Call]:
    return (call for call in calls if getattr(call, attribute) == name)
