"""What of the switches waits for a person of the staff."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from billing.subject import Waiting
from billing.switches.models import Observation, UnusableAnswer


def waiting(*, now: datetime) -> Iterator[Waiting]:
    """Count the switches whose clock or zone is wrong, and the accounts of which an answer cannot be used."""
    yield Waiting(
        label=_("Switches whose clock or time zone is wrong"),
        model="switches.observation",
        count=Observation.objects.filter(is_off=True).count(),
        query={"is_off__exact": 1},
    )
    yield Waiting(
        label=_("Accounts of which an answer of the switch cannot be used"),
        model="switches.unusableanswer",
        count=UnusableAnswer.objects.count(),
        query={},
    )
