"""`make prove-balances`: discrepancies of every kind among many calls and payments. Exit code 1: one was not found,
or something was found that is not there."""

from __future__ import annotations

import os
import sys
import time
import warnings
from contextlib import ExitStack
from pathlib import Path

from bench.balances.plan import Plan
from portal import local

RESULT = Path(__file__).resolve().parent.parent / "results" / "balances.json"


def main() -> int:
    plan = Plan(seed=int(os.environ.get("SEED") or 1))
    os.environ.update(DJANGO_SETTINGS_MODULE="portal.settings", DEBUG="1", LOG_LEVEL="CRITICAL")
    for server in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(server, None)
    warnings.filterwarnings("ignore", "No directory at", UserWarning)  # no static files are collected for this
    with local.services(local.FOLDER / "balances"):
        import django

        django.setup()
        return _run(plan)


def _run(plan: Plan) -> int:
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from bench.balances.report import report, table, write
    from bench.balances.run import prove
    from simulator.process import SimulatorProcess

    settings.DEBUG = False  # which would keep every query
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    call_command("migrate", verbosity=0)
    began = time.monotonic()

    def note(text: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {text}", flush=True)

    with ExitStack() as stack:
        switches = {}
        for zone in plan.zones:
            stand_in = stack.enter_context(SimulatorProcess("--quiet-world", "--timezone", zone))
            switches[zone] = (stand_in.url, stand_in.control)
        outcome = prove(plan, switches, note)
    result = report(plan, outcome, seconds=time.monotonic() - began)
    write(result, RESULT)
    print(f"\n{table(result)}")
    return 0 if result.is_proven else 1


if __name__ == "__main__":
    sys.exit(main())
