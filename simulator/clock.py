"""The switch's own clock and calendar."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from time import time
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


class Clock:
    """Milliseconds since 1970 UTC, shifted by an offset that a test may set; days are the zone's."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.offset_ms = 0

    def now(self) -> int:
        return int(time() * 1000) + self.offset_ms

    def today(self) -> date:
        return self.day_of(self.now())

    def local_time(self) -> time_of_day:
        return datetime.fromtimestamp(self.now() / 1000, self.zone).time()

    def day_of(self, instant: int) -> date:
        return datetime.fromtimestamp(instant / 1000, self.zone).date()

    def day_start(self, day: date) -> int:
        return int(datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp() * 1000)

    def day_end(self, day: date) -> int:
        """The first millisecond after `day`."""
        return self.day_start(day + DAY)

    def instant(self, text: str) -> int:
        """Reads yyyyMMddHHmmss; raises ValueError."""
        if len(text) != 14 or not text.isdigit():
            raise ValueError("not yyyyMMddHHmmss")
        return int(datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=self.zone).timestamp() * 1000)


def days_between(first: date, last: date) -> Iterator[date]:
    """List the days from the first to the last; both belong to them."""
    while first <= last:
        yield first
        first += DAY


def read_day(text: str) -> date:
    """Reads yyyyMMdd; raises ValueError."""
    if len(text) != 8 or not text.isdigit():
        raise ValueError("not yyyyMMdd")
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))
