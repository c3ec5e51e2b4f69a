"""Settings. Everything that differs between installations comes from the environment; .env.example lists it."""

from logging import getLevelNamesMapping
from pathlib import Path
from typing import Any

import dj_email_url
from csp.constants import NONE, SELF
from environs import validate
from psycopg.conninfo import conninfo_to_dict

from portal.environment import (
    are_networks,
    env,
    is_database_url,
    is_folder,
    is_mail_url,
    is_redis_url,
    is_stripe_key,
    is_stripe_webhook_secret,
    is_token,
    is_web_url,
    is_zero_or_at_least,
    keeps_the_demo_at_home,
    names_a_host,
    networks,
)

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", validate=validate.Length(min=1 if DEBUG else 32))
# What was sealed or signed under these still opens; nothing new is.
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
PORT = env.int("PORT", 8000, validate=validate.Range(1, 65535))
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1"], validate=names_a_host)
# The address people type: it decides links in mail and whether cookies are for HTTPS alone.
PUBLIC_URL = env.str(
    "PUBLIC_URL",
    f"http://localhost:{PORT}" if DEBUG else f"https://{ALLOWED_HOSTS[0].lstrip('.')}",
    validate=is_web_url,
).rstrip("/")
HTTPS = PUBLIC_URL.startswith("https://")
PORTAL_NAME = env.str("PORTAL_NAME", "Voice portal")
# A folder of fonts for statements, beside those that come with typst.
PDF_FONTS = env.str("PDF_FONTS", "", validate=is_folder)

# Who takes payments by card for the accounts of switches that allow it; empty: nobody.
PAYMENT_PROVIDER = env.str(
    "PAYMENT_PROVIDER",
    "",
    validate=[validate.OneOf(["", "stripe", "demo"]), keeps_the_demo_at_home(PUBLIC_URL, debug=DEBUG)],
)
WITH_STRIPE = PAYMENT_PROVIDER == "stripe"
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", validate=is_stripe_key) if WITH_STRIPE else ""
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", validate=is_stripe_webhook_secret) if WITH_STRIPE else ""
STRIPE_API_BASE = env.str("STRIPE_API_BASE", "https://api.stripe.com", validate=is_web_url).rstrip("/")
# Where the provider's hosted pages are: a form of ours leads there.
PAYMENT_PAGES: list[str] = env.list("PAYMENT_PAGES", ["https://checkout.stripe.com"] if WITH_STRIPE else [])

INSTALLED_APPS = [
    "portal.apps.PortalConfig",
    "accounts.apps.AccountsConfig",
    "billing.apps.BillingConfig",
    "portal.apps.StaffConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "pgtrigger",
    "template_partials",
]

# How many proxies stand in front, each of which adds to X-Forwarded-For.
BEHIND_PROXY = env.int("BEHIND_PROXY", 0, validate=validate.Range(0, 10))
MIDDLEWARE = [
    *(["portal.middleware.forwarded_address"] if BEHIND_PROXY else []),
    "portal.middleware.protective_headers",
    "accounts.middleware.audit_origin.audit_origin",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.login_required.LoginRequiredMiddleware",
    "accounts.middleware.second_factor_required.SecondFactorRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.session_activity.SessionActivityMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.portal",
            ],
        },
    }
]
# Templates of fields may be the project's own.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"


def database(url: str) -> dict[str, Any]:
    """Django's terms for a libpq URI, read by libpq itself."""
    parts: dict[str, Any] = conninfo_to_dict(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": parts,
    }


DATABASES = {"default": database(env.str("DATABASE_URL", validate=is_database_url))}

# Where switches may be, whoever enters their addresses; empty: anywhere but where none can be.
SWITCH_NETWORKS = networks(env.list("SWITCH_NETWORKS", [], validate=are_networks))

REDIS_URL = env.str("REDIS_URL", validate=is_redis_url)
# Limits of tries alone are kept there, see accounts.models.rate_limit. Sessions are rows as well: logging in and out
# works, and is final, whatever becomes of Redis.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "accounts_limit",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.services.password_rules.NotThePortalsName"},
]
PASSWORD_RESET_TIMEOUT = 24 * 3600
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapters.login.LoginAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Beside allauth's own: tries of links in mails, mails that an owner has sent to others, accounts that an agent
# opens, claims, steps towards a top-up, files.
ACCOUNT_RATE_LIMITS = {
    "invitation": "30/m/ip",
    "invite": "20/h/user",
    "open_customer": "30/h/user",
    "claim_from": "20/h/ip",
    "claim_of": "5/h/key",
    "claim_by": "5/h/key",
}
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", True)
MFA_ADAPTER = "accounts.adapters.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = PORTAL_NAME
# The operator vouches for addresses, and nobody has a page to confirm one on.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "add_webauthn": "accounts.forms.passkeys.AddPasskey",
    "login_webauthn": "accounts.forms.passkeys.LogInWithPasskey",
    "authenticate_webauthn": "accounts.forms.passkeys.ConfirmWithPasskey",
    "reauthenticate_webauthn": "accounts.forms.passkeys.ReauthenticateWithPasskey",
}
USERSESSIONS_TRACK_ACTIVITY = True

vars().update(dj_email_url.parse(env.str("EMAIL_URL", "console:", validate=is_mail_url)))
EMAIL_TIMEOUT = vars()["EMAIL_TIMEOUT"] or 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", f"portal@{ALLOWED_HOSTS[0].lstrip('.')}")

# Files of many top-ups are the only uploads: they are read in memory, and larger ones are not even kept on disk.
BATCH_MOST_LINES = env.int("BATCH_MOST_LINES", 1000, validate=validate.Range(1, 100_000))
BATCH_MOST_KILOBYTES = env.int("BATCH_MOST_KILOBYTES", 512, validate=validate.Range(1, 100_000))
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = BATCH_MOST_KILOBYTES * 1024
# Of a form without its files, and of a report by the payment provider.
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 1

# Files of calls that workers prepare: a private folder, which web and worker-exports share and nobody serves.
EXPORT_DIR = env.path("EXPORT_DIR", BASE_DIR / ".local" / "exports")
EXPORT_HOURS = env.int("EXPORT_HOURS", 24, validate=validate.Range(1, 24 * 30))

LANGUAGE_CODE = "en"
USE_I18N = True
FORMAT_MODULE_PATH = "portal.formats"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", BASE_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# What browsers may do for a page beyond showing it: passkeys, and nothing else.
PERMISSIONS_POLICY = ", ".join(
    [
        *(f"{what}=(self)" for what in ("publickey-credentials-get", "publickey-credentials-create")),
        *(
            f"{what}=()"
            for what in (
                *("accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen"),
                *("geolocation", "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment"),
                *("picture-in-picture", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
            )
        ),
    ]
)
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
# What a monitoring shows to read /metrics; empty: nobody does.
METRICS_TOKEN = env.str("METRICS_TOKEN", "", validate=is_token)
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
BROWSER_COOKIE_NAME = "__Host-browser" if HTTPS else "browser"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.views.stale_form"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

# The database keeps each entry of the audit trail for a year, whatever is set here.
AUDIT_DAYS = env.int("AUDIT_DAYS", 3 * 365, validate=validate.Range(365))

# Fewer months than three would take days away that are still being compared with the switch.
CALL_RETENTION_MONTHS = env.int("CALL_RETENTION_MONTHS", 0, validate=is_zero_or_at_least(3))

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
# Celery's own way is to connect to the database anew for every task; how old a connection may be, CONN_MAX_AGE says.
CELERY_DB_REUSE_MAX = 10**9
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

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
