"""The whole proof: each switch is followed day by day, as the rounds of the workers follow it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from bench.counting.choices import Choice
from bench.counting.switchboard import Switchboard, connect
from billing.calls.models import CallDay, CountingRule, DayState, ReportCalendar
from billing.calls.services.day_verdicts import decided
from billing.calls.services.fetching import fetch_days
from billing.calls.services.proving import prove_days
from billing.lib.days import DAY, begin_of
from simulator.control import Control

Note = Callable[[str], None]
# By then the day is over in every zone.
LOOKED_AT = timedelta(hours=14)
SPOILED = 2


@dataclass
class Outcome:
    """What became of one switch. `named_after`: of how many days calls were compared before its rule was named."""

    choice: Choice
    named_after: int | None
    is_right: bool
    said: str
    days: int
    proven: int
    spoiled: int
    wrongly_proven: int
    not_known: int
    differing: int


def prove(choices: Sequence[Choice], *, url: str, control: Control, seed: int, days: int, note: Note) -> list[Outcome]:
    random = Random(seed)
    outcomes = []
    for number, choice in enumerate(choices):
        outcomes.append(_follow(number, choice, url, control, random, days))
        if not number % 10:
            note(f"{number + 1} of {len(choices)} switches")
    return outcomes


def _follow(number: int, choice: Choice, url: str, control: Control, random: Random, count: int) -> Outcome:
    """Have so many days of a switch proven, one after the other; the day before them and the one after are fetched."""
    last = datetime.now(UTC).date() - 2 * DAY
    days = [last - back * DAY for back in range(count + 1, -1, -1)]
    board = connect(number, choice, url=url, control=control, random=random, days=days, spoil=SPOILED)
    _fetch(board, days[0], begin_of(days[1], board.switch.zone) + LOOKED_AT)
    named_after = None
    for compared, day in enumerate(days[1:-1], start=1):
        now = begin_of(day + DAY, board.switch.zone) + LOOKED_AT
        _fetch(board, day, now)
        _fetch(board, day + DAY, now)
        prove_days(switch=board.switch, accounts=board.accounts, first=days[1], last=day, now=now)
        kept = CountingRule.objects.get(switch=board.switch)
        if named_after is None and kept.decided_at is not None:
            named_after = compared
    return _outcome(board, named_after, days[1:-1])


def _fetch(board: Switchboard, day: date, now: datetime) -> None:
    fetched = fetch_days(accounts=board.accounts, first=day, last=day, now=now)
    if fetched.failures:
        raise RuntimeError(fetched.failures[0].why)


def _outcome(board: Switchboard, named_after: int | None, days: Sequence[date]) -> Outcome:
    kept = CountingRule.objects.get(switch=board.switch)
    rows = CallDay.objects.filter(account__switch=board.switch, day__in=days)
    spoiled = [row for row in rows if (row.account_id, row.day) in board.spoiled]
    sound = [row for row in rows if row not in spoiled]
    calendars = {row.account_id: row for row in ReportCalendar.objects.filter(account__switch=board.switch)}
    names = ", ".join(sorted({row.zone for row in calendars.values()}))
    return Outcome(
        choice=board.choice,
        named_after=named_after,
        is_right=kept.decided_at is not None
        and decided(kept) == board.choice.rule
        and set(calendars) == {account.pk for account in board.in_zone}
        and all(_is_offset(row, board.choice, days[-1]) for row in calendars.values()),
        said=f"{decided(kept) if kept.decided_at else 'no rule'}; {names}",
        days=len(sound),
        proven=sum(row.state == DayState.PROVEN for row in sound),
        spoiled=len(spoiled),
        wrongly_proven=sum(row.state == DayState.PROVEN for row in spoiled),
        not_known=sum(row.state == DayState.NOT_KNOWN for row in rows),
        differing=sum(row.state == DayState.DIFFERS for row in sound),
    )


def _is_offset(row: ReportCalendar, choice: Choice, day: date) -> bool:
    return row.offsets[0] == datetime.combine(day, time(12), ZoneInfo(choice.zone)).utcoffset()
