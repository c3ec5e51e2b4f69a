"""A plain call record as the switch sends it, and the records that are read from an answer."""

from __future__ import annotations

from billing.vos3000 import UnreadableRecord
from billing.vos3000.cdr import read_records
from billing.vos3000.operations.calls import Cdr

ROW = {
    "flowNo": 71,
    "account": "A",
    "callerE164": "441",
    "calleeE164": "8613",
    "start": 1429324653274,
    "stop": 1429324660274,
    "holdTime": 7,
    "feeTime": 60,
    "fee": 0.0125,
    "callLevel": 5,
    "endDirection": 1,
    "callerGateway": "GW-SECRET",
    "callerip": "10.0.0.9",
}


def records_in(text: str | bytes, size: int = 7) -> list[Cdr | UnreadableRecord]:
    raw = text.encode() if isinstance(text, str) else text
    return list(read_records((raw[i : i + size] for i in range(0, len(raw), size)), Cdr))


# A code that no record can hold: one with it cannot be read.
UNREADABLE = {"endReason": 2**31}
