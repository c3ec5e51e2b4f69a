"""A day of calls as GetCdr answers it, made while it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

from msgspec.structs import replace

from simulator.cdr import RecordStream
from simulator.flood import Flood
from simulator.records import Call

BEGIN, END = b'{"retCode":0,"infoCdrs":[', b"]}"
RECORDS_PER_PIECE = 100
DAY_MILLIS = 24 * 3600 * 1000
# Numbers that no other field of a record holds.
FLOW, START, STOP = 8_888_888_888_888, 7_777_777_777_777, 6_666_666_666_666


def pieces(*, account: str, day: date, count: int) -> Iterator[bytes]:
    """The same for the same day, whenever it is asked for; flow numbers differ from day to day."""
    templates = _templates(account)
    begin = int(datetime.combine(day, time.min, UTC).timestamp() * 1000)
    flow = day.toordinal() * 10**9
    separator = BEGIN
    for first in range(0, count, RECORDS_PER_PIECE):
        records = []
        for number in range(first, min(first + RECORDS_PER_PIECE, count)):
            template, lasts = templates[number % len(templates)]
            start = begin + DAY_MILLIS * number // count
            records.append(template % (start, start + lasts, flow + number))
        yield separator + b",".join(records)
        separator = b","
    yield (BEGIN if count == 0 else b"") + END


def _templates(account: str) -> list[tuple[bytes, int]]:
    """Records of the stand-in switch with places for start, stop and flow number; and how long each call lasts."""
    flood = Flood(
        account=account,
        account_name=account,
        agent="",
        agent_name="",
        count=1,
        seed=1,
        begin=0,
        end=DAY_MILLIS,
        first_flow=0,
    )
    return [(_template(call), call.stop) for call in flood.pattern]


def _template(call: Call) -> bytes:
    marked = replace(call, start=START, stop=STOP, flow_no=FLOW)
    text = b"".join(RecordStream([marked], older=False).chunks())
    record = text.removeprefix(BEGIN).removesuffix(END).replace(b"%", b"%%")
    for mark in (START, STOP, FLOW):
        record = record.replace(str(mark).encode(), b"%d")
    return record
