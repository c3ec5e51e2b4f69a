"""The portal as it is, with the page that it is compared with."""

from django.conf import settings

from portal.wsgi import application

__all__ = ["application"]

settings.ROOT_URLCONF = "bench.money.urls"
