"""The processes of an installation. The demo starts these, and docker-compose.yml names the same.

Where they listen and how many they are is the environment's to say (`portal/gunicorn.py`, WORKER_CONCURRENCY).
"""

from typing import Final

MIGRATE: Final = ("python", "manage.py", "migrate", "--no-input")
WEB: Final = ("python", "-m", "gunicorn", "--config", "portal/gunicorn.py", "portal.wsgi")
BEAT: Final = ("python", "-m", "celery", "-A", "portal", "beat")


def worker(name: str, *queues: str) -> tuple[str, ...]:
    """A Celery worker of some queues; calls may be late when the switch is slow, and files take
    minutes: money must not wait for either."""
    return (
        *("python", "-m", "celery", "-A", "portal", "worker"),
        *("--hostname", f"{name}@%h", "--queues", ",".join(queues)),
        *("--loglevel", "INFO", "--without-gossip", "--without-mingle"),
    )


WORKER_MONEY: Final = worker("money", "money")
WORKER_CALLS: Final = worker("calls", "calls", "default")
WORKER_EXPORTS: Final = worker("exports", "exports")

# In the order in which they start; they stop in the opposite one.
PROCESSES: Final = {
    "web": WEB,
    "worker-money": WORKER_MONEY,
    "worker-calls": WORKER_CALLS,
    "worker-exports": WORKER_EXPORTS,
    "beat": BEAT,
}
