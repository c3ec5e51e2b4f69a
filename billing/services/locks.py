"""Doing a thing once at a time across all processes."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta

from redis.exceptions import LockError, RedisError
from redis.lock import Lock

from billing.services.redis import connection

logger = logging.getLogger(__name__)


@contextmanager
def hold(name: str, *, longest: timedelta) -> Iterator[Lock | None]:
    """The lock, or None when somebody else holds it or Redis does not answer.

    It ends by itself after `longest`, should the holder die; `Lock.reacquire` starts that time anew.
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
        with suppress(LockError, RedisError):
            lock.release()


def are_held(names: Sequence[str]) -> list[bool]:
    """Whether somebody holds each of them now; nobody, as far as one can tell, when Redis does not answer."""
    try:
        found = connection().mget([_key(name) for name in names])
    except RedisError:
        return [False] * len(names)
    return [held is not None for held in found]


def _key(name: str) -> str:
    return f"lock:{name}"
