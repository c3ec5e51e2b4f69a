"""`make bench-calls`: how quick the call history is, to fill and to show. Exit code 1: a goal is missed.

SIZE is the number of calls, SEED what they are drawn from; ONLY names the parts to run, with commas between. The result
is kept when everything was run.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from pathlib import Path

RESULT = Path(__file__).resolve().parent.parent / "results" / "calls.json"


def main() -> int:
    os.environ.update(DJANGO_SETTINGS_MODULE="portal.settings", DEBUG="1", LOG_LEVEL="CRITICAL")
    warnings.filterwarnings("ignore", "No directory at", UserWarning)  # no static files are collected for this
    load_average = os.getloadavg()[0]
    from bench.calls.cluster import cluster
    from portal import local

    with cluster(local.FOLDER / "calls"):
        import django

        django.setup()
        return _run(load_average)


def _run(load_average: float) -> int:
    from django.conf import settings
    from django.core.management import call_command
    from django.utils import timezone

    from bench.calls.plan import FULL, Plan
    from bench.calls.report import Findings, table, write
    from bench.calls.run import measure

    settings.DEBUG = False  # which would keep every query
    call_command("migrate", verbosity=0)
    plan = Plan(now=timezone.now(), size=int(os.environ.get("SIZE") or FULL), seed=int(os.environ.get("SEED") or 1))
    only = [name for name in os.environ.get("ONLY", "").split(",") if name]
    began = time.monotonic()

    def note(text: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {text}", flush=True)

    findings = Findings()
    try:
        measure(plan, {**os.environ, "PYTHONWARNINGS": "ignore"}, findings, note, only=only)
    finally:
        result = findings.report(size=plan.size, seconds=time.monotonic() - began, load_average=load_average)
        print(f"\n{table(result)}")
    if plan.is_full and not only:
        write(result, RESULT)
    return 0 if result.is_met else 1


if __name__ == "__main__":
    sys.exit(main())
