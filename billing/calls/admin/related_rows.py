from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext

from billing.calls.models import CallDay
from billing.lib.days import begin_of, end_of


def calls_of_day(day: CallDay) -> str:
    """The address of the customer's page of that day's calls."""
    return f"{reverse('calls', args=[day.account.public_id])}?from={day.day}&to={day.day}"


def rows_of_day(day: CallDay) -> Iterator[tuple[str, str]]:
    """Address and title of each list that has more on a day."""
    yield calls_of_day(day), gettext("its calls, as the customer reads them")
    begin, end = begin_of(day.day, day.account.switch.zone), end_of(day.day, day.account.switch.zone)
    # A call that began on the day may have ended on the next one.
    ended = {"ended_at__gte": begin.isoformat(), "ended_at__lt": (end + timedelta(days=1)).isoformat()}
    for model, label, lookups in (
        ("calls_callchange", gettext("records that came late, were edited or are gone"), ended),
        (
            "calls_unreadablerecord",
            gettext("records that could not be read"),
            {"day__gte": day.day, "day__lte": day.day},
        ),
    ):
        query = urlencode({"account": day.account_id, **lookups})
        yield f"{reverse(f'admin:{model}_changelist')}?{query}", label
