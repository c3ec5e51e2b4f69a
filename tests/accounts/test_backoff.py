from __future__ import annotations

from datetime import timedelta

from accounts.lib.backoff import Backoff


def test_pauses_grow_up_to_the_longest() -> None:
    pauses = Backoff(first=timedelta(seconds=1), longest=timedelta(seconds=60))
    assert [pauses.pause(tries).seconds for tries in (0, 1, 2, 5, 6, 7, 10**9)] == [1, 2, 4, 32, 60, 60, 60]


def test_the_first_try_is_never_before_the_first_pause() -> None:
    assert Backoff(first=timedelta(minutes=2), longest=timedelta(hours=1)).pause(-1) == timedelta(minutes=2)


def test_pauses_may_stop_growing_before_the_longest() -> None:
    pauses = Backoff(first=timedelta(seconds=1), longest=timedelta(days=1), factor=3, most_steps=2)
    assert [pauses.pause(tries).seconds for tries in range(4)] == [1, 3, 9, 9]
