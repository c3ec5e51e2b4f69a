"""Locking rows of call days in one order, so that no two processes that write several of them block each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import transaction

from billing.calls.models import CallDay


@contextmanager
def held(days: Iterable[CallDay]) -> Iterator[None]:
    """Hold the rows of these days until the block, one transaction, ends."""
    with transaction.atomic():
        rows = CallDay.objects.select_for_update().filter(pk__in=[day.pk for day in days])
        list(rows.order_by("account_id", "day").values_list("pk"))
        yield
