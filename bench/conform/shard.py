"""One process of a long run, with a portal and a stand-in switch of its own: `python -m bench.conform.shard`."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from pathlib import Path

import msgspec

from bench.conform.plan import Plan
from portal import local
from portal.demo import leftovers


def main(plan: Plan, folder: Path) -> None:
    """The result is written into the folder, beside the servers' data."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that its servers end too
    os.environ.update(DJANGO_SETTINGS_MODULE="portal.settings", DEBUG="1", LOG_LEVEL="CRITICAL")
    for server in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(server, None)
    warnings.filterwarnings("ignore", "No directory at", UserWarning)  # static files are not collected for this
    leftovers.end(folder)
    with local.services(folder):
        import django

        django.setup()
        (folder / "result.json").write_bytes(msgspec.json.encode(_run(plan, folder)))


def _run(plan: Plan, folder: Path) -> object:
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from bench.conform.run import conform
    from bench.conform.servers import Servers
    from bench.conform.world import Ground
    from simulator.process import SimulatorProcess

    settings.DEBUG = False  # which would keep every query
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    call_command("migrate", verbosity=0)
    with (
        Servers(folder, os.environ["REDIS_URL"]) as servers,
        SimulatorProcess("--quiet-world", "--seed", str(plan.seed)) as simulator,
    ):
        ground = Ground(simulator.url, simulator.control, os.environ["DATABASE_URL"], os.environ["REDIS_URL"])
        return conform(ground, plan, servers)


if __name__ == "__main__":
    main(msgspec.json.decode(sys.argv[1], type=Plan), Path(sys.argv[2]))
