from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import NON_FIELD_ERRORS

from accounts.models import Switch
from accounts.staff_pages.base import StaffAdmin
from accounts.staff_pages.typed import ModelForm
from billing.switches.services import clients
from billing.switches.services.clients import SettingsRefused


class SwitchForm(ModelForm[Switch]):
    """The settings of a switch, refused where no client can be made of them."""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # the stubs leave out the hook in which Django fills the instance
        if self.errors:
            return
        try:
            clients.check(self.instance)
        except SettingsRefused as error:
            self.add_error(NON_FIELD_ERRORS, str(error.because))


@admin.register(Switch)
class SwitchAdmin(StaffAdmin[Switch]):
    form = SwitchForm
    list_display = ("name", "url", "time_zone", "currency", "requests_per_second")
    ordering = ("name",)
    # Every request carries this file of the machine: it is chosen on the machine alone, by `manage.py switch`.
    readonly_fields = ("extra_body_file",)

    def get_readonly_fields(self, request: Any, obj: Switch | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, *(obj.settled() if obj else ()))
