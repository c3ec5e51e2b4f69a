"""The answer to GetCdr read as it arrives, beside `json.load` of the whole."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from datetime import date
from io import BytesIO

from bench.calls import wire
from bench.calls.plan import Plan
from bench.calls.report import Findings
from bench.calls.timing import in_turn
from billing.vos3000.cdr import read_records
from billing.vos3000.operations.calls import Cdr

CALLS = 80_000
PIECE = 64 * 1024
ROUNDS = 7
MEGABYTE = 1e6


def measure(plan: Plan, findings: Findings) -> None:
    count = min(CALLS, plan.size)
    answer = b"".join(wire.pieces(account="C-1", day=date(2026, 1, 1), count=count))
    took = in_turn(
        ROUNDS if count == CALLS else 1,
        {
            "ours": lambda: deque(read_records(_pieces(answer), Cdr), maxlen=0),
            "json.load": lambda: json.load(BytesIO(answer)),
        },
    )
    for name, seconds in took.items():
        findings.figure(f"reading: MB/s, {name}", len(answer) / MEGABYTE / seconds)
    findings.least("reading the JSON: MB/s over json.load", took["json.load"] / took["ours"], 3)


def _pieces(answer: bytes) -> Iterator[bytes]:
    for begin in range(0, len(answer), PIECE):
        yield answer[begin : begin + PIECE]
