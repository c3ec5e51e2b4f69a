"""The apps, the middleware each request passes, and where templates are."""

from portal.settings.installation import BASE_DIR, BEHIND_PROXY

INSTALLED_APPS = [
    "portal.apps.PortalConfig",
    "accounts.apps.AccountsConfig",
    "billing",
    # The subjects. In this order the staff's front page lists what waits for a person.
    "billing.topups",
    "billing.card_payments",
    "billing.batches",
    "billing.balances",
    "billing.calls",
    "billing.jobs",
    "billing.call_history",
    "billing.exports",
    "billing.customers",
    "billing.members",
    "billing.statements",
    "billing.overview",
    "billing.rates",
    "billing.packages",
    "billing.switches",
    "billing.notifications",
    "billing.sync",
    "billing.staff",
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
            # {% translate %} and its like are at hand in every template.
            "builtins": ["django.templatetags.i18n"],
        },
    }
]
# Templates of fields may be the project's own.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
