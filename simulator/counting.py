"""How this switch lists calls by day and how its reports count them: choices that a client is not told."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

import msgspec

from simulator.clock import Clock
from simulator.ledger import Ledger
from simulator.records import Call

_RULES = ("start", "stop", "both")


class Counting(msgspec.Struct, frozen=True, rename="camel"):
    """Which end of a call says its day, in the list and in the reports; whether reports count calls without an answer.

    `zones` are those of the reports of some accounts, by name; `states_own_midnight`: their days are stated to begin in
    that zone. Fees are rounded to so many `places`, each day as a whole. `zero_start`: unanswered calls have no start.
    Records with one of the `unlisted` numbers are counted all the same.
    """

    day_rule: str = "start"
    report_rule: str = ""
    unanswered: bool = True
    zones: dict[str, str] = {}
    states_own_midnight: bool = True
    places: int | None = None
    zero_start: bool = False
    unlisted: list[int] = []

    def __post_init__(self) -> None:
        if self.day_rule not in _RULES or self.report_rule not in ("", *_RULES):
            raise ValueError("no such rule")
        for name in self.zones.values():
            ZoneInfo(name)

    def listed(self, ledger: Ledger, account: str, begin: int, end: int) -> list[Call]:
        """Find the records that are listed for this stretch of days."""
        calls = self._kept(ledger, account, begin, end, self.day_rule)
        return [call for call in calls if call.flow_no not in self.unlisted]

    def reported(self, ledger: Ledger, account: str, begin: int, end: int) -> Iterable[Call]:
        """Find the records that are counted for this stretch of days."""
        calls = self._kept(ledger, account, begin, end, self.report_rule or self.day_rule)
        return calls if self.unanswered else [call for call in calls if call.hold_time]

    def _kept(self, ledger: Ledger, account: str, begin: int, end: int, rule: str) -> list[Call]:
        """Find the records kept of an account, by the day on which they start, or stop, or both."""
        started = ledger.started_between(account, begin, end) if rule != "stop" else []
        stopped = ledger.stopped_between(account, begin, end) if rule != "start" or self.zero_start else []
        if self.zero_start:
            started = [call for call in started if call.hold_time]
        if self.zero_start and rule == "start":
            stopped = [call for call in stopped if not call.hold_time]
        known = {call.flow_no for call in started}
        return started + [call for call in stopped if call.flow_no not in known]

    def bounds(self, clock: Clock, account: str, days: tuple[date, date]) -> tuple[int, int]:
        """Return when the days of an account's reports begin and end."""
        if account not in self.zones:
            return clock.day_start(days[0]), clock.day_end(days[1])
        zone = ZoneInfo(self.zones[account])
        return _midnight(days[0], zone), _midnight(days[1] + timedelta(days=1), zone)

    def stated(self, clock: Clock, account: str, days: tuple[date, date]) -> tuple[int, int]:
        """Return when the report says that these days begin and end."""
        if self.states_own_midnight:
            return self.bounds(clock, account, days)
        return clock.day_start(days[0]), clock.day_end(days[1])

    def rounded(self, fee: Decimal) -> Decimal:
        return fee if self.places is None else fee.quantize(Decimal(1).scaleb(-self.places), ROUND_HALF_UP)


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)
