from billing.calls.models import routing
from billing.calls.models.backfills import Backfill
from billing.calls.models.calls import (
    MILLIONTH,
    NOT_STATED,
    Call,
    CallChange,
    CallDay,
    CallElsewhere,
    CallLevel,
    ChangeOfRecord,
    DayState,
    EndDirection,
    UnreadableRecord,
)
from billing.calls.models.counting import CountingRule, DayBy, ReportCalendar
from billing.calls.models.reasons import NotFetched, RecordFault, UnusableReport
from billing.calls.models.totals import CallTotal, DroppedMonth

__all__ = [
    "MILLIONTH",
    "NOT_STATED",
    "Backfill",
    "Call",
    "CallChange",
    "CallDay",
    "CallElsewhere",
    "CallLevel",
    "CallTotal",
    "ChangeOfRecord",
    "CountingRule",
    "DayBy",
    "DayState",
    "DroppedMonth",
    "EndDirection",
    "NotFetched",
    "RecordFault",
    "ReportCalendar",
    "UnreadableRecord",
    "UnusableReport",
    "routing",
]
