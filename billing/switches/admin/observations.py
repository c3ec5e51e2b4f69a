from __future__ import annotations

from django.contrib import admin

from accounts.staff_pages.base import ReadOnlyAdmin
from billing.switches.models import Observation


@admin.register(Observation)
class ObservationAdmin(ReadOnlyAdmin[Observation]):
    """What was found out about each switch's clock, zone and quiet hours."""

    list_display = ("switch", "is_off", "clock_ahead", "local_ahead", "zone_is_wrong", "refused_from", "refused_until")
    list_filter = ("is_off",)
    list_select_related = ("switch",)
    ordering = ("switch__name",)
