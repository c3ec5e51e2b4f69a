"""Reports: what the switch itself sums up (manual 3.48)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from ..client import Client
from ..codes import Code
from ..endpoint import Json
from ..field_types import ZERO, Millis, Record, instant
from ..ranges import days_in_parts
from ..rows import Listed, RowReader, UnreadableRow
from ..times import days

DAY, QUARTER = timedelta(days=1), timedelta(minutes=15)
FARTHEST_WEST = timedelta(hours=10)


class Period(Code):
    """How long one row of a report covers."""

    DAY = 1
    MONTH = -2


class CustomerFee(Record, frozen=True, kw_only=True):
    """An account's calls of one period, summed by the switch."""

    account: str
    account_name: str = ""
    begin_time: Millis
    end_time: Millis | None = None
    cdr_count: int
    total_fee: Decimal
    total_time: int = 0
    total_suite_fee: Decimal = ZERO
    total_suite_fee_time: int = 0
    net_fee: Decimal = ZERO
    net_time: int = 0
    net_count: int = 0
    local_fee: Decimal = ZERO
    local_time: int = 0
    local_count: int = 0
    domestic_fee: Decimal = ZERO
    domestic_time: int = 0
    domestic_count: int = 0
    international_fee: Decimal = ZERO
    international_time: int = 0
    international_count: int = 0

    def day(self, zone: ZoneInfo, *, first: date, last: date) -> date:
        """Return the day that this row of a report by day is of, among those that were asked for.

        It begins at a midnight of the switch, whose zone is given, or of the account, wherever that is on earth: zones
        are at most 14 hours ahead of UTC or 12 behind it, in quarter hours.
        """
        begin = instant(self.begin_time)
        local = begin.astimezone(zone).date()
        since_midnight = begin - datetime.combine(begin.date(), time.min, UTC)
        if begin == datetime.combine(local, time.min, zone) or since_midnight % QUARTER:
            return local
        # Hawaii, ten hours behind UTC, has more people than the islands where it is the same time a day later.
        days = [begin.date() + DAY, begin.date()]
        likely, other = days if since_midnight > FARTHEST_WEST else reversed(days)
        return other if not first <= likely <= last and first <= other <= last else likely


def day_of_unreadable(row: UnreadableRow, zone: ZoneInfo) -> date | None:
    """The first day of the period of a row that cannot be read; None where not even that can be."""
    begin = row.value("beginTime", Millis)
    return None if begin is None else instant(begin).astimezone(zone).date()


CUSTOMER_FEES = RowReader(CustomerFee, named_by="account")


def get_report_customer_fee(
    client: Client, *, accounts: Sequence[str], first: date, last: date, period: Period = Period.DAY
) -> Listed[CustomerFee]:
    """Read each account's calls summed per day or month of the switch's calendar, both days included (3.48)."""
    if not accounts:
        raise ValueError("Say whose calls.")

    def ask(first: date, last: date) -> Listed[CustomerFee]:
        body: dict[str, Json] = {"accounts": list(accounts), **days(first, last), "period": int(period)}
        return client.read_list("GetReportCustomerFee", body, "infoReportCustomerFees", CUSTOMER_FEES)

    # Parts of a month would be reported as months.
    return days_in_parts(client.ranges, first, last, ask) if period == Period.DAY else ask(first, last)
