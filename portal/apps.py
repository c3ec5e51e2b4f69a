from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalConfig(AppConfig):
    name = "portal"


class StaffConfig(AdminConfig):
    """Django admin behind the portal's own login."""

    default_site = "portal.staff.StaffSite"
