"""Differences in balances that wait for a person of the staff."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from billing.balances.models import Case
from billing.subject import Waiting


def waiting(*, now: datetime) -> Iterator[Waiting]:
    """Count the open cases."""
    count = Case.objects.filter(closed_at__isnull=True).count()
    yield Waiting(label=_("Open cases"), model="balances.case", count=count, query={"closed_at__isempty": 1})
