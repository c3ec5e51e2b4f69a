from __future__ import annotations

from datetime import datetime
from typing import Any

from django.forms import ChoiceField, Form

from accounts.models import User
from accounts.queries import time_zones


class TimeZoneForm(Form):
    time_zone = ChoiceField(
        label="Show times in",
        required=False,
        help_text="In lists, totals, charts and files alike.",
        error_messages={"invalid_choice": "Choose one of these."},
    )

    def __init__(self, *args: Any, user: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered: Any = [("", "The time zone of the switch"), *time_zones.choices(now=now)]
        # An operator may have set one that is not offered: it stays until another is chosen.
        if user.time_zone and not time_zones.is_offered(user.time_zone):
            offered.insert(1, (user.time_zone, user.time_zone))
        time_zone: Any = self.fields["time_zone"]
        time_zone.choices, time_zone.initial = offered, user.time_zone
