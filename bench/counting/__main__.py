"""`make prove-counting`: switches that count by rules they do not tell. Exit code 1: one was named wrongly or too
late, or too few days were proven, or a day that should not be."""

from __future__ import annotations

import os
import sys
import time
import warnings
from pathlib import Path

from portal import local

RESULT = Path(__file__).resolve().parent.parent / "results" / "counting.json"
DAYS = 6


def main() -> int:
    os.environ.update(DJANGO_SETTINGS_MODULE="portal.settings", DEBUG="1", LOG_LEVEL="CRITICAL")
    for server in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(server, None)
    warnings.filterwarnings("ignore", "No directory at", UserWarning)  # static files are not collected for this
    with local.services(local.FOLDER / "counting"):
        import django

        django.setup()
        return _run(seed=int(os.environ.get("SEED") or 1))


def _run(seed: int) -> int:
    from random import Random

    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from bench.counting.choices import choices
    from bench.counting.report import report, table, write
    from bench.counting.run import prove
    from simulator.process import SimulatorProcess

    settings.DEBUG = False  # which would keep every query
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    call_command("migrate", verbosity=0)
    began = time.monotonic()

    def note(text: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {text}", flush=True)

    with SimulatorProcess("--quiet-world") as switch:
        outcomes = prove(choices(Random(seed)), url=switch.url, control=switch.control, seed=seed, days=DAYS, note=note)
    result = report(outcomes, seed=seed, seconds=time.monotonic() - began)
    write(result, RESULT)
    print(f"\n{table(result)}")
    return 0 if result.is_proven else 1


if __name__ == "__main__":
    sys.exit(main())
