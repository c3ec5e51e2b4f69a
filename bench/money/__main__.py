"""`make bench-money`: how quick top-ups are, by a stand-in switch that answers in 5 ms. Exit code 1: a goal is missed.

SIZE is the number of submissions under load, DOUBTS the number of top-ups in doubt.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from pathlib import Path

from portal import local

RESULT = Path(__file__).resolve().parent.parent / "results" / "money.json"
FOLDER = local.FOLDER / "money"
ANSWERS_IN = 0.005
A_SECOND = 50
RESELLERS = 60


def main() -> int:
    size, doubts = int(os.environ.get("SIZE") or 1000), int(os.environ.get("DOUBTS") or 1000)
    os.environ.update(DJANGO_SETTINGS_MODULE="portal.settings", DEBUG="1", LOG_LEVEL="CRITICAL")
    for server in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(server, None)
    warnings.filterwarnings("ignore", "No directory at", UserWarning)  # static files are not collected for this
    load_average = os.getloadavg()[0]
    with local.services(FOLDER):
        import django

        django.setup()
        return _run(size, doubts, load_average)


def _run(size: int, in_doubt: int, load_average: float) -> int:
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from bench.conform.world import Ground
    from bench.money.crew import resellers, web, worker
    from bench.money.doubts import resolve_many
    from bench.money.report import report, table, write
    from bench.money.submissions import compare, submit
    from simulator.process import SimulatorProcess

    settings.DEBUG = False  # which would keep every query
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    call_command("migrate", verbosity=0)
    began, rounds = time.monotonic(), max(20, size // 5)

    def note(text: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {text}", flush=True)

    with SimulatorProcess("--quiet-world") as simulator:
        ground = Ground(simulator.url, simulator.control, os.environ["DATABASE_URL"], os.environ["REDIS_URL"])
        doubts = resolve_many(ground.world(), in_doubt)
        note(f"{doubts.doubtful} in doubt are resolved")
        world = ground.world()
        simulator.control.add_fault("*", "late", seconds=ANSWERS_IN)
        crew = resellers(world, RESELLERS)
        with web(world) as (port, web_pid), worker(world) as worker_pid:
            pages = {
                "on the agent's word": compare(port, crew, world.vouched, rounds=rounds, name="word"),
                "by transfer": compare(port, crew[::-1], world.debited, rounds=rounds, name="transfer"),
            }
            note("the pages are compared")
            # A minute's tries are spent; these people have had none.
            fresh = resellers(world, RESELLERS, first=RESELLERS)
            servers = [web_pid, worker_pid, *_servers()]
            load = submit(world, port, fresh, world.vouched, rate=A_SECOND, count=size, processes=servers)
    note("the submissions are confirmed")
    result = report(pages, load, doubts, seconds=time.monotonic() - began, load_average=load_average)
    write(result, RESULT)
    print(table(result))
    return 0 if result.is_met else 1


def _servers() -> list[int]:
    """PostgreSQL's and Redis' processes."""
    import psutil

    from billing.lib.redis import connection as redis

    postgresql = int((FOLDER / "postgresql" / "postmaster.pid").read_text().splitlines()[0])
    return [psutil.Process(postgresql).pid, int(redis().info("server")["process_id"])]


if __name__ == "__main__":
    sys.exit(main())
