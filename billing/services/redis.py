from functools import cache

import redis
from django.conf import settings


@cache
def connection() -> redis.Redis:
    """The process's connection pool to the Redis that holds locks, budgets and breakers."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=2)
