"""`make conform`: SIZE top-ups by SEED, in two processes beside one another. Exit code 1: an invariant is violated."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from bench.conform.report import combine, table, write
from bench.conform.result import Result
from portal import local

ROOT = Path(__file__).resolve().parent.parent.parent
RESULT = ROOT / "bench" / "results" / "conform.json"
SHARDS = 2
# Of each moment in each process: one for so many top-ups.
TOPUPS_PER_KILL = 1000


def main() -> int:
    seed, size = int(os.environ.get("SEED") or 1), int(os.environ.get("SIZE") or 10_000)
    folders = [local.FOLDER / "conform" / str(number) for number in range(SHARDS)]
    began = time.monotonic()
    shards = [_start(seed + number, size // SHARDS, folder) for number, folder in enumerate(folders)]
    if codes := [code for code in (shard.wait() for shard in shards) if code]:
        print(f"A run with SEED={seed} SIZE={size} broke off.", file=sys.stderr)
        return codes[0]
    results = [msgspec.json.decode((folder / "result.json").read_bytes(), type=Result) for folder in folders]
    report = combine(results, seconds=time.monotonic() - began)
    write(report, RESULT)
    print(table(report))
    if report.violations:
        print(f"\nViolated. Again: make conform SEED={seed} SIZE={size}", file=sys.stderr)
        return 1
    return 0


def _start(seed: int, size: int, folder: Path) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    kills = max(1, size // TOPUPS_PER_KILL)
    command = [sys.executable, "-m", "bench.conform.shard", str(seed), str(size), str(kills), str(folder)]
    return subprocess.Popen(command, cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main())
