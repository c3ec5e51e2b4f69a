from django.apps import apps
from django.db.models.signals import post_migrate

from billing.subject import Subject


class StaffConfig(Subject):
    """The site of the staff, and what each of their groups may do."""

    name = "billing.staff"

    def ready(self) -> None:
        from billing.staff.services import permissions

        # Django sends the signal for apps with tables alone; which of them does not matter.
        post_migrate.connect(permissions.restore, sender=apps.get_app_config("accounts"))
