"""What operators see of the running portal: its log, and its figures at /metrics."""

from logging import getLevelNamesMapping

from environs import validate

from portal.environment import env, is_token

# What a monitoring shows to read /metrics; empty: no one reads it.
METRICS_TOKEN = env.str("METRICS_TOKEN", "", validate=is_token)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "portal.masking.Formatter", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # A line for every task of every few seconds, or every request, would hide the ones that say something.
    "loggers": {name: {"level": "WARNING"} for name in ("celery.worker.strategy", "celery.app.trace", "stripe")},
    "root": {
        "handlers": ["console"],
        "level": env.str("LOG_LEVEL", "INFO", validate=validate.OneOf(list(getLevelNamesMapping()))),
    },
}
