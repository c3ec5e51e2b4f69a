"""PostgreSQL, Redis, and what is kept in which of them."""

from environs import validate

from portal.environment import database, env, is_database_url, is_redis_url, is_zero_or_at_least

DATABASES = {"default": database(env.str("DATABASE_URL", validate=is_database_url))}
REDIS_URL = env.str("REDIS_URL", validate=is_redis_url)
# The default one counts attempts at logins and nothing else, see accounts.models.login_attempts. Sessions are rows as
# well: logging in and out works, and is final, whatever becomes of Redis. Each process keeps for itself those fragments
# of pages that hold no reader's data.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "accounts_loginattempts",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    "template_fragments": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "template_fragments",
    },
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# The database keeps each entry of the audit trail for a year, whatever is set here.
AUDIT_DAYS = env.int("AUDIT_DAYS", 3 * 365, validate=validate.Range(365))
# Fewer months than three would take days away that are still being compared with the switch.
CALL_RETENTION_MONTHS = env.int("CALL_RETENTION_MONTHS", 0, validate=is_zero_or_at_least(3))
