"""The portal as it is, with the page that it is compared with. It starts with DEBUG, which wants no collected files."""

from django.conf import settings

from portal.wsgi import application

__all__ = ["application"]

settings.ROOT_URLCONF = "bench.calls.urls"
settings.DEBUG = False  # which would keep every query
