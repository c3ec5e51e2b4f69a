"""The database is lost, and a backup restored that was made while top-ups waited and were being sent."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from random import Random

import psycopg
from django.db import connections
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from bench.conform.evidence import Seen
from bench.conform.losses import lose_writes
from bench.conform.world import World


class Kept(StrEnum):
    REDIS = "restored beside the Redis that there was"
    NOTHING = "restored, with Redis lost as well"


class Backup:
    """A copy of the whole database as it is committed at one moment, which takes the database's place in the end."""

    def __init__(self, database_url: str) -> None:
        self._name = str(conninfo_to_dict(database_url)["dbname"])
        self._copy = f"{self._name}_backup"
        # A session cannot be in the database that is copied or dropped.
        elsewhere = "template1" if self._name == "postgres" else "postgres"
        self._elsewhere = make_conninfo(database_url, dbname=elsewhere)

    def begin(self) -> None:
        connections.close_all()
        self._execute("DROP DATABASE IF EXISTS {copy}", "CREATE DATABASE {copy} TEMPLATE {name} STRATEGY FILE_COPY")

    def end(self) -> None:
        connections.close_all()
        self._execute("DROP DATABASE {name} WITH (FORCE)", "ALTER DATABASE {copy} RENAME TO {name}")

    def _execute(self, *statements: str) -> None:
        names = {"name": Identifier(self._name), "copy": Identifier(self._copy)}
        with psycopg.connect(self._elsewhere, autocommit=True) as server:
            for statement in statements:
                server.execute(SQL(statement).format(**names))


def restore_backups(world: World, random: Random, seen: Seen, rounds: int) -> dict[str, int]:
    """So many restores, by what else was kept."""
    kept: Counter[str] = Counter()
    backup = Backup(world.database_url)
    for number in range(rounds):
        how = list(Kept)[number % 2]
        lose_writes(world, random, seen, backup, f"restore-{number}", with_redis=how is Kept.NOTHING)
        kept[how] += 1
    return dict(kept)
