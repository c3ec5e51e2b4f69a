"""Locks of PostgreSQL on things that are no row. Each lasts until the transaction ends, so a dead process holds none.

Leases that outlast a transaction are in Redis: see `locks`.
"""

from __future__ import annotations

from enum import StrEnum, unique

from django.db import DEFAULT_DB_ALIAS, connection, connections


@unique
class Locked(StrEnum):
    """What may be locked. All locks of one database share their numbers, so each kind of thing is listed here."""

    PARTITIONS = "partitions of"
    CALLS_OF_ACCOUNT = "calls of account"
    ROUTING_OF_SWITCH = "routing of switch"
    TOPUPS_OF_ACCOUNT = "top-ups of account"
    TOPUPS_BY_PERSON = "top-ups by person on switch"
    EXPORT = "export"
    EXPORTS_OF_PERSON = "exports of person"
    SENDING_OF_TOPUP = "sending of top-up"
    SENDING_OF_CHANGE = "sending of change"


LOCK = "SELECT {function}(hashtextextended(name, 0)) FROM unnest(%s::text[]) AS name"


def lock(what: Locked, *names: object, shared: bool = False) -> None:
    """Wait for the locks, one after the other in this order; `shared` ones keep out only those that are not."""
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(LOCK.format(function=function), [[f"{what} {name}" for name in names]])


def try_lock(what: Locked, name: object, *, using: str = DEFAULT_DB_ALIAS) -> bool:
    """Take the lock where no other transaction has it, and tell whether it was taken."""
    with connections[using].cursor() as cursor:
        cursor.execute(LOCK.format(function="pg_try_advisory_xact_lock"), [[f"{what} {name}"]])
        return bool(cursor.fetchone()[0])
