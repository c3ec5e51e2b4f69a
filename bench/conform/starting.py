"""Runs in processes of their own, each in a folder where its servers keep their data."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec

from bench.conform.plan import Plan
from bench.conform.result import Result


def start(plan: Plan, folder: Path, tree: Path, output: Path | None = None) -> subprocess.Popen[bytes]:
    """Run the code of this tree. What it says goes to the terminal, or into the file `output`."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "bench.conform.shard", msgspec.json.encode(plan).decode(), str(folder)]
    if output is None:
        return subprocess.Popen(command, cwd=tree)
    with output.open("wb") as said:
        return subprocess.Popen(command, cwd=tree, stdout=said, stderr=subprocess.STDOUT)


def result_in(folder: Path) -> Result:
    return msgspec.json.decode((folder / "result.json").read_bytes(), type=Result)
