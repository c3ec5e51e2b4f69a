"""What the balances of a switch have to do with its calendar: each day is reconciled by itself."""

from __future__ import annotations

from accounts.models import Switch
from billing.balances.models import Case, Reconciliation, SyncMark


def is_bound(*, switch: Switch) -> bool:
    """Whether a person closed a case."""
    return Case.objects.filter(account__switch=switch, closed_at__isnull=False, is_explained=False).exists()


def forget(*, switch: Switch) -> None:
    """Drop what was reconciled, and the marks that payments were read: they were asked for by the other zone.

    Payments and readings themselves have instants, which stay what they are.
    """
    for model in (Reconciliation, Case, SyncMark):
        model._default_manager.filter(account__switch=switch).delete()
