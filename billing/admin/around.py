"""From a case to the rows around it: whole days of the switch's calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

from django.urls import reverse

from billing.models import Case
from billing.queries.days import begin_of, day_of, end_of


def rows_around(case: Case) -> Iterator[tuple[str, str]]:
    """Address and title of each place."""
    account = case.account
    zone = account.switch.zone
    first, last = day_of(case.begins_at, zone), day_of(case.ends_at, zone)
    days = {"day__gte": first, "day__lte": last}
    begin, end = begin_of(first, zone), end_of(last, zone)
    chosen = urlencode({"from": first, "to": last})
    yield f"{reverse('balance', args=[account.public_id])}?{chosen}", "how the balance came about"
    for model, label, lookups in (
        ("reconciliation", "reconciliations", days),
        ("callday", "call days", days),
        # A call that ends on the first of these days may have begun on the one before.
        ("call", "calls", {**days, "day__gte": first - timedelta(days=1)}),
        ("payment", "payments", {"paid_at__gte": begin.isoformat(), "paid_at__lt": end.isoformat()}),
        ("charge", "charges", {"charged_at__gte": begin.isoformat(), "charged_at__lt": end.isoformat()}),
    ):
        query = urlencode({"account": account.pk, **lookups})
        yield f"{reverse(f'admin:billing_{model}_changelist')}?{query}", label
