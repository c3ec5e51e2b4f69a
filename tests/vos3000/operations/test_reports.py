"""Reports: sums that the switch itself makes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.vos3000.operations.reports import Period, get_report_customer_fee
from tests.support.rawserver import RawServer, reply
from tests.support.switch_clients import MakeClient


def test_the_report_sums_an_accounts_day(make_client: MakeClient) -> None:
    row = (
        '{"account":"A","accountName":"A","beginTime":1763827200000,"endTime":1763913600000,"cdrCount":2,'
        '"totalFee":0.25,"totalTime":90,"internationalFee":0.25,"internationalCount":2,"internationalTime":90}'
    )
    with RawServer(reply(f'{{"retCode":0,"infoReportCustomerFees":[{row}]}}')) as server:
        days = {"first": date(2025, 11, 23), "last": date(2025, 11, 24)}
        (fee,) = get_report_customer_fee(make_client(server.url), accounts=["A"], **days, period=Period.MONTH)
    assert (fee.cdr_count, fee.total_fee, fee.total_time, fee.international_count) == (2, Decimal("0.25"), 90, 2)
    assert fee.day(ZoneInfo("Asia/Shanghai"), **days) == date(2025, 11, 23)
    assert server.received[0].body == {
        "accounts": ["A"],
        "period": -2,
        "beginTime": "20251123",
        "endTime": "20251124",
    }
