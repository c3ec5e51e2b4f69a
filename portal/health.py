from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError

from billing.lib.redis import connection as connection_to_redis


@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """Say that the process answers, whatever its servers do: a slow database must not restart every web process."""
    return JsonResponse({"alive": True})


@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """Say whether the portal can serve people: PostgreSQL and Redis answer."""
    ready = {"postgresql": _postgresql(), "redis": _redis()}
    return JsonResponse(ready, status=200 if all(ready.values()) else 503)


def _postgresql() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _redis() -> bool:
    try:
        connection_to_redis().ping()
    except RedisError:
        return False
    return True
