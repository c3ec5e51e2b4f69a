from django.apps import apps
from django.db.models.signals import post_migrate

from billing.subject import Subject


class StaffConfig(Subject):
    """The site of the staff, and what each of their groups may do."""

    name = "billing.staff"

    def ready(self) -> None:
        from billing.staff.services import permissions

        # Django sends the signal for each app with models in turn, and makes the app's permissions by it: after the
        # last one those of every subject are there.
        *_, last = (config for config in apps.get_app_configs() if config.models_module)
        post_migrate.connect(permissions.restore, sender=last)
