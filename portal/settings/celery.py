"""How work is handed to the workers."""

from environs import validate

from portal.environment import env
from portal.settings.database import REDIS_URL

CELERY_BROKER_URL = REDIS_URL
CELERY_WORKER_CONCURRENCY = env.int("WORKER_CONCURRENCY", 2, validate=validate.Range(1))
CELERY_BEAT_SCHEDULE_FILENAME = env.str("BEAT_SCHEDULE", "celerybeat-schedule")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Handing work over never keeps a person waiting: without a broker the periodic tasks find it later.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
    "socket_connect_timeout": 2,
}
# Celery's own way is to connect to the database again for every task; how old a connection may be, CONN_MAX_AGE says.
CELERY_DB_REUSE_MAX = 10**9
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
