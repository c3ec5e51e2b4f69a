"""Files: what people upload, what workers prepare for them, and what whitenoise serves."""

from environs import validate

from portal.environment import env, is_folder
from portal.settings.installation import BASE_DIR, DEBUG

# -- Uploads: files of many top-ups alone. They are read in memory, and larger ones are not even kept on disk
BATCH_MOST_LINES = env.int("BATCH_MOST_LINES", 1000, validate=validate.Range(1, 100_000))
BATCH_MOST_KILOBYTES = env.int("BATCH_MOST_KILOBYTES", 512, validate=validate.Range(1, 100_000))
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = BATCH_MOST_KILOBYTES * 1024
# Of a form without its files, and of a report by the payment provider.
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 1

# -- Files of calls that workers prepare: a private folder, which web and worker-exports share and no server serves
EXPORT_DIR = env.path("EXPORT_DIR", BASE_DIR / ".local" / "exports")
EXPORT_HOURS = env.int("EXPORT_HOURS", 24, validate=validate.Range(1, 24 * 30))
# A folder of fonts for the PDFs of statements, beside those that come with typst.
PDF_FONTS = env.str("PDF_FONTS", "", validate=is_folder)

# -- Static files
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
