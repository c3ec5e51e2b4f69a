from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        # Every process that hands work over must know the broker, also where no worker runs.
        import_module("portal.celery")


class StaffConfig(AdminConfig):
    """Django admin behind the portal's own login."""

    default_site = "billing.staff.admin.StaffSite"

    def ready(self) -> None:
        super().ready()
        # allauth's table of addresses follows the users' own; factors and sessions are their owners' alone.
        from allauth.account.models import EmailAddress
        from allauth.mfa.models import Authenticator
        from allauth.usersessions.models import UserSession
        from django.contrib import admin

        admin.site.unregister([EmailAddress, Authenticator, UserSession])
