"""The calls of a filter as a table for a file: which they are, what its columns say, and its name."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.db import DEFAULT_DB_ALIAS
from django.http import QueryDict
from django.utils.translation import gettext

from accounts.models import Account
from billing.call_history.forms.filters import CallFilterForm
from billing.call_history.queries import rows as call_rows
from billing.call_history.queries.filters import CallFilter
from billing.call_history.queries.rows import Row


@dataclass(frozen=True, kw_only=True)
class CallTable:
    """The calls of a filter as a table. `first` and `last` are days of the filter's zone, both included.

    `asked` is the query of the page that lists the same calls, without what could not be read of it. `words` say what
    is chosen beside the days.
    """

    account: Account
    filter: CallFilter
    asked: str
    words: tuple[str, ...]
    first: date
    last: date

    @property
    def columns(self) -> tuple[str, ...]:
        zone, currency = self.filter.zone, self.account.switch.currency
        return (
            gettext("Began (%(zone)s)") % {"zone": zone.key},
            gettext("From"),
            gettext("To"),
            gettext("Seconds talked"),
            gettext("Seconds billed"),
            gettext("Cost (%(currency)s)") % {"currency": currency},
        )

    def rows(self, *, using: str = DEFAULT_DB_ALIAS) -> Generator[Row]:
        return call_rows.each(account=self.account, chosen=self.filter, using=using)

    def count(self, *, most: int | None = None, using: str = DEFAULT_DB_ALIAS) -> int:
        """How many rows there are; at most `most` and one more are counted."""
        return call_rows.count(account=self.account, chosen=self.filter, most=most, using=using)


def table_of(*, account: Account, asked: QueryDict, zone: ZoneInfo, today: date) -> CallTable:
    """The table of what the page of calls lists for the same query. What cannot be read of it is ignored, as there."""
    form = CallFilterForm(asked, account=account, zone=zone, today=today)
    chosen = form.chosen()
    first, last = form.days()
    known = QueryDict(mutable=True)
    known.update({name: str(asked[name]) for name in form.cleaned_data if asked.get(name)})
    known["from"], known["to"] = first.isoformat(), last.isoformat()
    return CallTable(
        account=account, filter=chosen, asked=known.urlencode(), words=form.words(), first=first, last=last
    )


def file_name(first: date, last: date, kind: str) -> str:
    return f"calls-{first}-{last}.{kind}"
