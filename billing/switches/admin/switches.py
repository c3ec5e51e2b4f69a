from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import Switch
from accounts.staff_pages.base import StaffAdmin
from accounts.staff_pages.typed import ModelForm
from billing.switches.services import calendars, clients, clock_checks
from billing.switches.services.clients import SettingsRefused

# Where and how a switch is asked, and by whose calendar: what is there is looked at before one of these is taken.
LOOKED_AT = ("url", "directory", "suffix", "content_type", "time_zone")


class SwitchForm(ModelForm[Switch]):
    """The settings of a switch, refused where no client can be made of them, or where its own answers deny its zone."""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # the stubs leave out the hook in which Django fills the instance
        if self.errors:
            return
        try:
            clients.check(self.instance)
        except SettingsRefused as error:
            self.add_error(NON_FIELD_ERRORS, str(error.because))
            return
        if set(LOOKED_AT) & set(self.changed_data) and (why := self._why_not_the_zone()):
            self.add_error("time_zone", str(why))

    def _why_not_the_zone(self) -> object:
        if why := calendars.why_it_stays(switch=self.instance):
            return why
        return clock_checks.why_impossible(switch=self.instance, now=timezone.now(), timeout=clients.PAGE_TIMEOUT)


@admin.register(Switch)
class SwitchAdmin(StaffAdmin[Switch]):
    form = SwitchForm
    list_display = ("name", "url", "time_zone", "currency", "requests_per_second")
    ordering = ("name",)
    # Every request carries this file of the machine: it is chosen on the machine alone, by `manage.py switch`.
    readonly_fields = ("extra_body_file",)

    def get_readonly_fields(self, request: Any, obj: Switch | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, *(obj.settled() if obj else ()))

    def save_model(self, request: HttpRequest, obj: Switch, form: Any, change: bool) -> None:
        calendars.correct(switch=obj)
        super().save_model(request, obj, form, change)
        clock_checks.settings_changed(switch=obj, is_elsewhere="url" in form.changed_data)
