"""Links from a case to the rows around it, over whole days of the switch's calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.balances.models import Case
from billing.calls.models import CallChange, ChangeOfRecord
from billing.lib.days import begin_of, day_of, end_of

MOST_CHANGES = 20


def rows_around(case: Case) -> Iterator[tuple[str, str]]:
    """Give the address and title of each list of rows."""
    account = case.account
    zone = account.switch.zone
    first, last = day_of(case.begins_at, zone), day_of(case.ends_at, zone)
    days = {"day__gte": first, "day__lte": last}
    begin, end = begin_of(first, zone), end_of(last, zone)
    chosen = urlencode({"from": first, "to": last})
    yield f"{reverse('balance', args=[account.public_id])}?{chosen}", _("how the balance came about")
    for model, title, lookups in (
        ("balances_reconciliation", _("reconciliations"), days),
        ("calls_callday", _("call days"), days),
        # A call that ends on the first of these days may have begun on the one before.
        (
            "calls_call",
            _("calls"),
            {"started_at__gte": (begin - timedelta(days=1)).isoformat(), "started_at__lt": end.isoformat()},
        ),
        ("balances_payment", _("payments"), {"paid_at__gte": begin.isoformat(), "paid_at__lt": end.isoformat()}),
        ("balances_charge", _("charges"), {"charged_at__gte": begin.isoformat(), "charged_at__lt": end.isoformat()}),
    ):
        query = urlencode({"account": account.pk, **lookups})
        yield f"{reverse(f'admin:{model}_changelist')}?{query}", title


def records_changed(case: Case) -> list[tuple[CallChange, Decimal]]:
    """Return the records that changed within the case, and how much more each says by now that the account pays."""
    inside = CallChange.objects.filter(ended_at__range=(case.begins_at, case.ends_at))
    inside = inside.exclude(kind=ChangeOfRecord.LATE).order_by("ended_at")
    own = [(change, change.fee) for change in inside.filter(account=case.account)[:MOST_CHANGES]]
    if not case.account.is_agent:
        return own
    children = inside.filter(account__switch=case.account.switch, agent_number=case.account.number)
    return own + [(change, change.agent_fee) for change in children[:MOST_CHANGES]]
