"""A call record as `GetCdr` sends it, and the reader fed with a few bytes at a time."""

from __future__ import annotations

from billing.vos3000 import Cdr, UnreadableRecord
from billing.vos3000.cdr import read_records

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
    return list(read_records(raw[i : i + size] for i in range(0, len(raw), size)))
