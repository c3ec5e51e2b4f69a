"""Says by exit code 0 that a container's process works: python -m portal.healthcheck web|money|calls|exports|beat."""

from __future__ import annotations

import os
import sys
import time
import urllib.request
from http.client import HTTPException
from pathlib import Path
from socket import gethostname

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

BEAT_IS_LATE_SECONDS = 360  # beat writes its file every three minutes
ANSWER_SECONDS = 5


def main(name: str) -> int:
    match name:
        case "web":
            return 0 if _web() else 1
        case "money" | "calls" | "exports":
            return 0 if _worker(name) else 1
        case "beat":
            return 0 if _beat() else 1
    return 2


def _web() -> bool:
    from django.conf import settings

    host = settings.ALLOWED_HOSTS[0].lstrip(".").replace("*", "localhost")
    request = urllib.request.Request(f"http://127.0.0.1:{settings.PORT}/readyz", headers={"Host": host})
    try:
        urllib.request.urlopen(request, timeout=ANSWER_SECONDS).close()  # noqa: S310  # our own address
    except (OSError, HTTPException):
        return False
    return True


def _worker(name: str) -> bool:
    from kombu.exceptions import OperationalError

    from portal.celery import app

    try:
        return bool(app.control.ping(destination=[f"{name}@{gethostname()}"], timeout=ANSWER_SECONDS))
    except OperationalError:
        return False


def _beat() -> bool:
    from django.conf import settings

    schedule = Path(settings.CELERY_BEAT_SCHEDULE_FILENAME)
    # Some kinds of file carry an ending of their own.
    written = [file.stat().st_mtime for file in schedule.parent.glob(f"{schedule.name}*")]
    return bool(written) and time.time() - max(written) < BEAT_IS_LATE_SECONDS


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2] or [""]))
