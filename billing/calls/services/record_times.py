"""Telling when a call began and ended, also where its record says it oddly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from billing.calls.models import RecordFault
from billing.calls.queries.retention import NEAR_ITS_DAY
from billing.lib.days import noon
from billing.vos3000.operations.calls import Cdr


class Impossible(ValueError):
    """No call of the day can have that record."""

    def __init__(self, fault: RecordFault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True)
class Near:
    """The instants, in milliseconds, between which a call of a day begins or ends."""

    earliest: int
    latest: int

    @classmethod
    def day(cls, day: date) -> Near:
        return cls(_millis(noon(day) - NEAR_ITS_DAY), _millis(noon(day) + NEAR_ITS_DAY))

    def begin_and_end(self, record: Cdr) -> tuple[int, int]:
        """Return when the call began and ended. Raise Impossible where neither is near its day.

        A call that was not answered may carry no start: it began when it ended. The switch's clock may have been set
        while a call went on, so that it ends before it starts; both instants stay as they are while they are near.
        """
        start, stop = record.start, record.stop
        begins, ends = self.earliest <= start <= self.latest, self.earliest <= stop <= self.latest
        talked = max(record.hold_time, 0) * 1000
        if begins:
            return start, stop if stop >= start or ends else start + talked
        if not ends:
            raise Impossible(RecordFault.OTHER_TIME)
        began = stop - talked
        return began if began >= self.earliest else stop, stop


def _millis(at: datetime) -> int:
    return int(at.timestamp()) * 1000
