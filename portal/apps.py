from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        # Whoever hands work over must know the broker, also where no worker runs.
        import_module("portal.celery")


class StaffConfig(AdminConfig):
    """Django admin behind the portal's own login."""

    default_site = "portal.staff.StaffSite"
