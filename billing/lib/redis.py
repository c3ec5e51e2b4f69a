from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry


def connection() -> redis.Redis:
    """Return the process's connection pool to the Redis that holds locks, budgets and breakers."""
    return _connection(settings.REDIS_URL)


@cache
def _connection(url: str) -> redis.Redis:
    """One repetition mends a connection that was dropped while idle; the library's own patience of several seconds
    would hold up every page while Redis is down.
    """
    return redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2, retry=Retry(NoBackoff(), 1))
