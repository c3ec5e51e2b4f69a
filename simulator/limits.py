"""What an operator lets nobody ask for: call records at some hours of the day, and too many days at once."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

from simulator.clock import Clock
from simulator.options import Options
from simulator.refusals import OVER_RANGE, Refusal
from simulator.registry import Body

_RECORDS = "GetCdr"


def check(options: Options, clock: Clock, operation: str, body: Body) -> None:
    """Raises Refusal."""
    if operation == _RECORDS and options.quiet_hours and _is_between(clock.local_time(), *options.quiet_hours):
        raise Refusal(OVER_RANGE, "Over the limitation of inquiry interval")
    if options.longest_range and _days(body) > options.longest_range:
        raise Refusal(OVER_RANGE, "Over the limitation of inquiry interval")


def _is_between(at: time, first: time, end: time) -> bool:
    """Whether the hours hold `at`; they may go past midnight."""
    return first <= at < end if first <= end else at >= first or at < end


def _days(body: Body) -> float:
    """Count the days that a request is about; none where it names no range, or one that cannot be read."""
    begin, end = body.get("beginTime"), body.get("endTime")
    if not isinstance(begin, str) or not isinstance(end, str):
        return 0
    try:
        return _range(begin, end) / timedelta(days=1)
    except ValueError:
        return 0


def _range(begin: str, end: str) -> timedelta:
    read: Callable[[str, str], datetime] = datetime.strptime
    if len(begin) == 8:
        return read(end, "%Y%m%d") - read(begin, "%Y%m%d") + timedelta(days=1)
    return read(end, "%Y%m%d%H%M%S") - read(begin, "%Y%m%d%H%M%S")
