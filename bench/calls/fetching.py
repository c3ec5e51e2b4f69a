"""Days fetched in a process of its own, as a worker does: `python -m bench.calls.fetching ACCOUNT FIRST LAST`.

Says in one line of JSON how much memory it held before, and at most.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime

import msgspec

from bench.calls.children import memory_held, most_memory_held, said_by


class Fetched(msgspec.Struct):
    """Bytes; `before` is what the worker holds with everything imported and nothing done."""

    calls: int
    before: int
    most: int


def fetch_apart(environ: Mapping[str, str], account: int, day: date) -> Fetched:
    return msgspec.json.decode(said_by(environ, *command(account, day, day)), type=Fetched)


def command(account: int, first: date, last: date) -> tuple[str, ...]:
    return ("-m", "bench.calls.fetching", str(account), first.isoformat(), last.isoformat())


def main() -> None:
    import portal.celery

    portal.celery.app.loader.import_default_modules()
    portal.celery.give_way()
    from accounts.models import Account
    from billing.calls.services.fetching import fetch_days

    account = Account.objects.select_related("switch").get(pk=sys.argv[1])
    first, last = (date.fromisoformat(day) for day in sys.argv[2:4])
    before = memory_held()
    fetched = fetch_days(accounts=[account], first=first, last=last, now=datetime.now(UTC))
    assert not fetched.failures, fetched.failures
    print(msgspec.json.encode(Fetched(fetched.calls, before, most_memory_held())).decode())


if __name__ == "__main__":
    main()
