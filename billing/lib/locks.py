"""Doing a thing once at a time across all processes."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from threading import Event, Thread

from redis.exceptions import LockError, RedisError
from redis.lock import Lock

from billing.lib.redis import connection

logger = logging.getLogger(__name__)


@contextmanager
def hold(name: str, *, longest: timedelta) -> Iterator[Lock | None]:
    """Hold a lock; yields None when another process holds it or Redis does not answer.

    It ends by itself after `longest`, whether the work within has ended or not.
    """
    lock = connection().lock(_key(name), timeout=longest.total_seconds(), blocking=False)
    try:
        held = lock.acquire()
    except RedisError:
        logger.warning("Redis does not answer: %s is left alone", name)
        held = False
    if not held:
        yield None
        return
    try:
        yield lock
    finally:
        _release(lock)


@contextmanager
def hold_each(names: Sequence[str], *, longest: timedelta) -> Iterator[set[str]]:
    """Hold those of the locks that are free, for as long as the work within takes; none without Redis.

    Should the holder die, they end by themselves after `longest`.
    """
    seconds = longest.total_seconds()
    ended = Event()
    with ExitStack() as stack:
        held: dict[str, Lock] = {}
        for name in names:
            # Another thread keeps them.
            lock = connection().lock(_key(name), timeout=seconds, blocking=False, thread_local=False)
            try:
                if not lock.acquire():
                    continue
            except RedisError:
                logger.warning("Redis does not answer: %s is left alone", name)
                break
            stack.callback(_release, lock)
            held[name] = lock
        if held:
            keeping = Thread(target=_keep, args=(list(held.values()), ended, seconds / 3), daemon=True)
            keeping.start()
            stack.callback(keeping.join)
            stack.callback(ended.set)
        yield set(held)


def _keep(locks: Sequence[Lock], ended: Event, every: float) -> None:
    while not ended.wait(every):
        for lock in locks:
            if not ended.is_set():
                # A lock that ended meanwhile may be another process's now; the others stay.
                with suppress(LockError, RedisError):
                    lock.reacquire()


def _release(lock: Lock) -> None:
    with suppress(LockError, RedisError):
        lock.release()


def are_held(names: Sequence[str]) -> list[bool]:
    """Whether each of the locks is held now; all count as free when Redis does not answer."""
    try:
        found = connection().mget([_key(name) for name in names])
    except RedisError:
        return [False] * len(names)
    return [held is not None for held in found]


def _key(name: str) -> str:
    return f"lock:{name}"
