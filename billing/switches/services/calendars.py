"""Correcting a switch's time zone, while there is nothing in its calendar but what a sync brings again."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Protocol, cast

from django.db import transaction
from django.db.models import Field, Model

from accounts.models import Account, Switch
from billing import subject
from billing.lib.reasons import Because
from billing.subject import Subject
from billing.switches.services.findings import TimeFinding


class Calendar(Protocol):
    """What a subject's own module says and does about a switch's days."""

    def is_bound(self, *, switch: Switch) -> bool:
        """Whether a sync would not bring all of it again."""

    def forget(self, *, switch: Switch) -> None:
        """Drop what a sync brings again."""


def why_it_stays(*, switch: Switch) -> Because | None:
    """Say why the zone in the row, which differs from the one that is kept, cannot be set; None where it can."""
    kept = _other_zone(switch)
    if kept and any(_is_bound(each, switch) for each in subject.subjects()):
        return Because(TimeFinding.ZONE_STAYS, {"kept": kept})
    return None


@transaction.atomic
def correct(*, switch: Switch) -> None:
    """Drop what is there in the calendar that the switch had, where the row is about to be given another one."""
    if _other_zone(switch):
        for each in subject.subjects():
            if calendar := _calendar(each):
                calendar.forget(switch=switch)


def _other_zone(switch: Switch) -> str:
    """Return the zone that is kept where the row has another one; "" where it has the same, or is not kept yet."""
    kept = Switch.objects.filter(pk=switch.pk).values_list("time_zone", flat=True).first()
    return kept if kept and kept != switch.time_zone else ""


def _is_bound(each: Subject, switch: Switch) -> bool:
    if calendar := _calendar(each):
        return calendar.is_bound(switch=switch)
    return any(
        model._default_manager.filter(**{of_switch: switch}).exists()
        for model in each.get_models()
        if model._meta.model_name not in each.undated
        for of_switch in _ways_to_the_switch(model)
    )


def _ways_to_the_switch(model: type[Model]) -> Iterator[str]:
    for field in model._meta.get_fields():
        related = field.related_model if isinstance(field, Field) else None
        if related is Switch:
            yield field.name
        elif related is Account:
            yield f"{field.name}__switch"


def _calendar(each: Subject) -> Calendar | None:
    return cast("Calendar", import_module(each.calendar)) if each.calendar else None
