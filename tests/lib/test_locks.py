"""Doing a thing once at a time, however long it takes."""

from __future__ import annotations

from datetime import timedelta

from pytest_django import Settings

from billing.lib.locks import are_held, hold_each
from billing.lib.redis import connection
from tests.support.waiting import eventually

BRIEF = timedelta(seconds=1.5)


def is_kept(name: str) -> bool:
    """Whether its time is renewed before it ends."""
    connection().pexpire(f"lock:{name}", 1300)
    return eventually(lambda: connection().pttl(f"lock:{name}") > 1300, 5)


def test_locks_are_kept_for_as_long_as_the_work_within_takes() -> None:
    with hold_each(["a", "b"], longest=BRIEF) as held:
        assert held == {"a", "b"}
        assert is_kept("a")
        assert is_kept("b")
    assert are_held(["a", "b"]) == [False, False]


def test_what_another_process_holds_is_left_to_it() -> None:
    with hold_each(["a"], longest=BRIEF), hold_each(["b", "a"], longest=BRIEF) as held:
        assert held == {"b"}
    assert are_held(["a", "b"]) == [False, False]


def test_a_lock_that_is_lost_takes_none_of_the_others_with_it() -> None:
    with hold_each(["a", "b"], longest=BRIEF):
        connection().set("lock:a", "somebody else's")
        assert is_kept("b")
    assert connection().get("lock:a") == b"somebody else's"


def test_without_redis_nothing_is_held(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    with hold_each(["a", "b"], longest=BRIEF) as held:
        assert held == set()
