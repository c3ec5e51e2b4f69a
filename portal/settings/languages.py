"""In which language, format and time zone pages are written.

Sentences are marked for translation everywhere, and `make messages` collects them. English is the only language so far,
so no middleware chooses one: LocaleMiddleware comes with the second.
"""

from django.utils.translation import gettext_lazy as _

from portal.settings.installation import BASE_DIR

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
FORMAT_MODULE_PATH = "portal.formats"
TIME_ZONE = "UTC"
USE_TZ = True
