"""`make conform`: SIZE top-ups by SEED, in two processes beside one another. Exit code 1: an invariant is violated."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from bench.conform.plan import Plan
from bench.conform.report import combine, table, write
from bench.conform.starting import result_in, start
from portal import local

ROOT = Path(__file__).resolve().parent.parent.parent
RESULT = ROOT / "bench" / "results" / "conform.json"
SHARDS = 2
# Of each moment in each process: one for so many top-ups.
TOPUPS_PER_KILL = 1000
TOPUPS_PER_EXAMPLE = 100
TOPUPS_PER_STOP = 10
TOPUPS_PER_RESTORE = 50
TOPUPS_PER_PROMOTION = 200


def main() -> int:
    seed, size = int(os.environ.get("SEED") or 1), int(os.environ.get("SIZE") or 10_000)
    folders = [local.FOLDER / "conform" / str(number) for number in range(SHARDS)]
    began = time.monotonic()
    plans = [_plan(seed + number, size // SHARDS) for number in range(SHARDS)]
    shards = [start(plan, folder, ROOT) for plan, folder in zip(plans, folders, strict=True)]
    if codes := [code for code in (shard.wait() for shard in shards) if code]:
        print(f"A run with SEED={seed} SIZE={size} broke off.", file=sys.stderr)
        return codes[0]
    results = [result_in(folder) for folder in folders]
    report = combine(results, seconds=time.monotonic() - began)
    write(report, RESULT)
    print(table(report))
    if report.violations:
        print(f"\nViolated. Again: make conform SEED={seed} SIZE={size}", file=sys.stderr)
        return 1
    return 0


def _plan(seed: int, size: int) -> Plan:
    kills = max(1, size // TOPUPS_PER_KILL)
    return Plan(
        seed=seed,
        size=size,
        kills_of_each=kills,
        crashes=max(1, kills // 2),
        stops=max(10, size // TOPUPS_PER_STOP),
        restores=max(3, size // TOPUPS_PER_RESTORE),
        promotions=max(1, size // TOPUPS_PER_PROMOTION),
        bursts=max(3, size // 1000),
        examples=max(1, size // TOPUPS_PER_EXAMPLE),
    )


if __name__ == "__main__":
    sys.exit(main())
