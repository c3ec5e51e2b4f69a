"""The common part of commands about one switch and some of its days."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, date, datetime, timedelta
from typing import Any

from accounts.management.base import BadUse, JsonCommand
from accounts.models import Switch
from billing.lib.days import day_of

FIRST_DAY = date(1970, 1, 1)


class SwitchCommand(JsonCommand):
    """A command about a switch, some or all of its accounts, and a range of days."""

    days_back: int

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("switch", help="the switch's name in the portal")
        parser.add_argument("--accounts", nargs="+", default=[], metavar="A", help="VOS3000 account ids; default: all")
        parser.add_argument("--since", metavar="D", help=f"first day, YYYY-MM-DD; default: {self.days_back} days ago")
        parser.add_argument(
            "--until", metavar="D", help="last day, YYYY-MM-DD; default: today on the switch's calendar"
        )

    def days(self, switch: Switch, options: dict[str, Any]) -> tuple[date, date]:
        """Read the first and the last day from the options. Raises BadUse."""
        today = day_of(datetime.now(UTC), switch.zone)
        last = _day(options["until"], "--until") or today
        first = _day(options["since"], "--since") or min(last, today) - timedelta(days=self.days_back)
        if first > last:
            raise BadUse(f"--since {first} is after --until {last}.")
        if first < FIRST_DAY:
            raise BadUse(f"--since {first} is before {FIRST_DAY}, when the switch's time begins.")
        if last > today:
            raise BadUse(f"--until {last} has not begun on the switch's calendar.")
        return first, last


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadUse(f"{option} {text} is not a day written YYYY-MM-DD.") from error
