from __future__ import annotations

import time
from collections.abc import Callable

from django.db import connection

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def eventually(holds: Callable[[], bool], seconds: float = 60) -> bool:
    """Whether it comes to hold while other processes work."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if holds():
            return True
        time.sleep(0.05)
    return False


def waiting_for_locks() -> int:
    """How many sessions of this database do, also as seen from within a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(WAITING)
        return int(cursor.fetchone()[0])
