"""Programs of ours as processes of their own: a Celery worker, `manage.py` with a production's settings."""

from __future__ import annotations

import os
import subprocess
import sys
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests.support.demo import CHECKOUT


def start_worker(redis_url: str) -> subprocess.Popen[bytes]:
    """A real Celery worker on the test's database and Redis; the caller ends it."""
    celery = [sys.executable, "-m", "celery", "-A", "portal"]
    return subprocess.Popen(
        [*celery, "worker", "-P", "solo", "-Q", "money,calls,default,exports", "-l", "warning"],
        env={
            **os.environ,
            "DATABASE_URL": url_of_the_test_database(),
            "REDIS_URL": redis_url,
            "EXPORT_DIR": str(settings.EXPORT_DIR),
        },
    )


def url_of_the_test_database() -> str:
    parts = connection.get_connection_params()
    host = quote(str(parts.get("host") or ""), safe="")
    login = quote(str(parts.get("user") or "")) + (f":{quote(str(parts['password']))}" if parts.get("password") else "")
    port = f"&port={parts['port']}" if parts.get("port") else ""
    return f"postgresql://{login}@/{parts['dbname']}?host={host}{port}"


PRODUCTION = {
    "SECRET_KEY": "k3yed-by-nobody-but-long-enough-to-please-the-deploy-check-0123456789",
    "DATABASE_URL": "postgresql://portal:secret@db.example.com/portal",
    "REDIS_URL": "redis://redis.example.com:6379/0",
    "ALLOWED_HOSTS": "portal.example.com",
    "PUBLIC_URL": "https://portal.example.com",
    "EMAIL_URL": "submission://user:password@mail.example.com",
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=CHECKOUT,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
