"""The databases of the tests: migrated once, cloned for each worker, and put back after a test that committed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg.sql import SQL, Identifier

from tests.support.demo import CHECKOUT

PRISTINE = Path(__file__).with_name("pristine.sql")
# One worker makes the template while the others wait.
LOCK = SQL("SELECT pg_advisory_lock(hashtext('template of the tests'))")


def clone_template(name: str) -> None:
    """A fresh database of that name, with every migration; the template is made if this code has none yet."""
    with _server() as server:
        server.execute(LOCK)
        template = f"test_template_{_digest()}"
        if not _names(server, template):
            _make(server, template)
        _drop(server, name)
        server.execute(
            SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(*map(Identifier, (name, template)))
        )
    use(name)


def drop(name: str) -> None:
    connection.close()
    with _server() as server:
        _drop(server, name)


def use(name: str) -> None:
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name


def restore() -> None:
    """Take away what a test committed: in the tables that hold other rows than after the migrations, and only there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pristine.restore()")


def _make(server: psycopg.Connection, template: str) -> None:
    for old in _names(server, "test_template_%"):
        _drop(server, old)
    # Only a whole one gets the name, however this ends.
    half = f"half_{template}"
    _drop(server, half)
    server.execute(SQL("CREATE DATABASE {}").format(Identifier(half)))
    use(half)
    call_command("migrate", verbosity=0, interactive=False)
    with connection.cursor() as cursor:
        cursor.execute(PRISTINE.read_text())
    connection.close()
    server.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(half), Identifier(template)))


def _digest() -> str:
    """Of everything that decides what the migrations and the signals after them leave in a database."""
    digest = hashlib.sha256()
    sources = [path for app in ("accounts", "billing", "portal") for path in (CHECKOUT / app).rglob("*")]
    for path in sorted([*sources, CHECKOUT / "constraints.txt", CHECKOUT / "requirements.txt", PRISTINE]):
        if path.suffix in (".py", ".sql", ".txt"):
            digest.update(f"{path.relative_to(CHECKOUT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _server() -> Iterator[psycopg.Connection]:
    """A session outside of the tests' databases."""
    parameters = {**connection.get_connection_params(), "dbname": "postgres"}
    for of_django in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(of_django, None)
    with psycopg.connect(**parameters, autocommit=True) as server:
        yield server


def _names(server: psycopg.Connection, like: str) -> list[str]:
    found = server.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [like])
    return [name for (name,) in found]


def _drop(server: psycopg.Connection, name: str) -> None:
    server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
