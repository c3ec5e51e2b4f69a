"""How gunicorn serves the portal; WEB_CONCURRENCY (its own variable) says how many processes."""

import gc
import os

bind = f"{os.environ.get('BIND', '0.0.0.0')}:{os.environ.get('PORT', '8000')}"  # noqa: S104  # inside its container
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 8
# Loaded before the processes fork: they share its memory, and wrong settings end the server at once.
preload_app = True
timeout = 60
graceful_timeout = 20
keepalive = 5
# Memory that creeps is given back; the jitter keeps the processes from restarting together.
max_requests = 5000
max_requests_jitter = 500
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112  # a heartbeat must not wait for a disk
accesslog = "-"
logger_class = "portal.access_log.AccessLog"
# The path alone: behind its question mark are the telephone numbers that people look for.
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(b)s %(M)sms'
control_socket_disable = True


def when_ready(_server: object) -> None:
    """Take what was loaded out of garbage collection: to look through all of it would take longer than many a page."""
    gc.collect()
    gc.freeze()
