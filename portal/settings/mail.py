"""Where mail is handed in, and whom it is from."""

import dj_email_url

from portal.environment import env, is_mail_url
from portal.settings.installation import ALLOWED_HOSTS

_server = dj_email_url.parse(env.str("EMAIL_URL", "console:", validate=is_mail_url))
EMAIL_BACKEND = _server["EMAIL_BACKEND"]
EMAIL_HOST = _server["EMAIL_HOST"]
EMAIL_PORT = _server["EMAIL_PORT"]
EMAIL_HOST_USER = _server["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = _server["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = _server["EMAIL_USE_TLS"]
EMAIL_USE_SSL = _server["EMAIL_USE_SSL"]
EMAIL_FILE_PATH = _server["EMAIL_FILE_PATH"]
EMAIL_TIMEOUT = _server["EMAIL_TIMEOUT"] or 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", f"portal@{ALLOWED_HOSTS[0].lstrip('.')}")
