"""The common part of commands about one switch and some of its days."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.management.base import BadUse, JsonCommand
from accounts.models import Switch
from billing.lib.days import day_of

FIRST_DAY = date(1970, 1, 1)


class SwitchCommand(JsonCommand):
    """A command about a switch, some or all of its accounts, and a range of days."""

    days_back: int

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("switch", help=_("the switch's name in the portal"))
        parser.add_argument(
            "--accounts", nargs="+", default=[], metavar="A", help=_("VOS3000 account ids; default: all")
        )
        since = ngettext(
            "first day, YYYY-MM-DD; default: %(days)s day ago",
            "first day, YYYY-MM-DD; default: %(days)s days ago",
            self.days_back,
        )
        parser.add_argument("--since", metavar="D", help=since % {"days": self.days_back})
        parser.add_argument(
            "--until", metavar="D", help=_("last day, YYYY-MM-DD; default: today on the switch's calendar")
        )

    def days(self, switch: Switch, options: dict[str, Any]) -> tuple[date, date]:
        """Read the first and the last day from the options. Raises BadUse."""
        today = day_of(datetime.now(UTC), switch.zone)
        last = _day(options["until"], "--until") or today
        first = _day(options["since"], "--since") or min(last, today) - timedelta(days=self.days_back)
        if first > last:
            raise BadUse(_("--since %(first)s is after --until %(last)s.") % {"first": first, "last": last})
        if first < FIRST_DAY:
            sentence = _("--since %(first)s is before %(earliest)s, when the switch's time begins.")
            raise BadUse(sentence % {"first": first, "earliest": FIRST_DAY})
        if last > today:
            raise BadUse(_("--until %(last)s has not begun on the switch's calendar.") % {"last": last})
        return first, last


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        sentence = _("%(option)s %(text)s is not a day written YYYY-MM-DD.")
        raise BadUse(sentence % {"option": option, "text": text}) from error
