"""Which workers leave the processor to those for which a person waits."""

from __future__ import annotations

import subprocess
import sys

import pytest

from portal.processes import PROCESSES

ASK = """
import os, sys
from portal.celery import begin_worker
before = os.nice(0)
begin_worker(options={"queues": sys.argv[1].split(",")})
print(os.nice(0) - before)
"""


@pytest.mark.parametrize(
    ("name", "gives_way"), [("worker-money", False), ("worker-calls", True), ("worker-exports", True)]
)
def test_work_for_which_no_person_waits_gives_way(name: str, *, gives_way: bool) -> None:
    command = PROCESSES[name]
    queues = command[command.index("--queues") + 1]
    said = subprocess.run([sys.executable, "-c", ASK, queues], capture_output=True, check=True, text=True)
    assert (int(said.stdout) > 0) == gives_way
