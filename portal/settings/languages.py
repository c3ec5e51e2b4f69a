"""In which language, format and time zone pages are written."""

LANGUAGE_CODE = "en"
USE_I18N = True
FORMAT_MODULE_PATH = "portal.formats"
TIME_ZONE = "UTC"
USE_TZ = True
