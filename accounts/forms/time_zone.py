from __future__ import annotations

from datetime import datetime
from typing import Any

from django.forms import ChoiceField, Form
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.queries import time_zones
from accounts.queries.time_zones import Place

# As the zones themselves name them.
REGIONS = {
    "Africa": _("Africa"),
    "America": _("America"),
    "Antarctica": _("Antarctica"),
    "Asia": _("Asia"),
    "Atlantic": _("Atlantic"),
    "Australia": _("Australia"),
    "Europe": _("Europe"),
    "Indian": _("Indian"),
    "Pacific": _("Pacific"),
}


class TimeZoneForm(Form):
    time_zone = ChoiceField(
        label=_("Show times in"),
        required=False,
        help_text=_("In lists, totals, charts and files alike."),
        error_messages={"invalid_choice": _("Choose one of these.")},
    )

    def __init__(self, *args: Any, user: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered: Any = [("", gettext("The time zone of the switch")), *choices(now=now)]
        # An operator may have set one that is not offered: it stays until another is chosen.
        if user.time_zone and not time_zones.is_offered(user.time_zone):
            offered.insert(1, (user.time_zone, user.time_zone))
        time_zone: Any = self.fields["time_zone"]
        time_zone.choices, time_zone.initial = offered, user.time_zone


def choices(*, now: datetime) -> list[tuple[str, list[tuple[str, str]]]]:
    """By region, each place with how far its clocks are from UTC now."""
    return [
        (gettext("Everywhere"), [("UTC", "UTC")]),
        *(
            (str(REGIONS[region]), [(place.zone, _label(place)) for place in places])
            for region, places in time_zones.places_by_region(now=now)
        ),
    ]


def _label(place: Place) -> str:
    return gettext("%(place)s (UTC%(offset)s)") % {"place": place.name, "offset": place.offset}
