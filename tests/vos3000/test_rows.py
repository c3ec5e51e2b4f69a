"""One bad row among good ones: it is told by name, with the field that is bad, and the others are read."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from importlib import import_module
from inspect import getsource
from pkgutil import iter_modules
from typing import Any

import pytest

from billing.vos3000 import Listed, Malformed, RowFault, operations
from billing.vos3000.operations.customers import get_all_customers, get_customers
from billing.vos3000.operations.packages import get_suite_orders, get_suites
from billing.vos3000.operations.payments import get_consumption, get_pay_history
from billing.vos3000.operations.phones import is_phone_of
from billing.vos3000.operations.rates import get_fee_rates
from billing.vos3000.operations.reports import day_of_unreadable, get_report_customer_fee
from tests.support.rawserver import RawServer, reply
from tests.support.switch_clients import MakeClient
from tests.vos3000.conftest import SHANGHAI

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MILLIS = int(NOON.timestamp() * 1000)
WHEN: dict[str, Any] = {"begin": NOON, "end": NOON}
DAYS: dict[str, Any] = {"first": NOON.date(), "last": NOON.date()}
GOOD = 120

# Each operation: how it is asked, the key of its rows, a good row, and which field names it.
CUSTOMER = {"money": 1.5, "limitMoney": 0, "name": "Li", "startTime": MILLIS, "todayConsumption": 0.1, "type": 0}
OPERATIONS: dict[str, tuple[Any, str, dict[str, Any], str]] = {
    "GetCustomer": (lambda c: get_customers(c, accounts=["A"]), "infoCustomers", CUSTOMER, "account"),
    "GetAllCustomers": (get_all_customers, "infoCustomerBriefs", {"money": 1.5, "limitMoney": 0}, "account"),
    "GetPayHistory": (
        lambda c: get_pay_history(c, account="A", **WHEN),
        "infoPayHistorys",
        {"fee": 1, "type": 0, "payType": 0, "customerMoney": 2, "payTime": MILLIS, "memo": "x"},
        "account",
    ),
    "GetConsumption": (
        lambda c: get_consumption(c, account="A", **WHEN),
        "infoConsumptions",
        {"money": 1, "customerMoney": 2, "type": 0, "time": MILLIS},
        "account",
    ),
    "GetReportCustomerFee": (
        lambda c: get_report_customer_fee(c, accounts=["A"], **DAYS),
        "infoReportCustomerFees",
        {"accountName": "Li", "beginTime": MILLIS, "cdrCount": 1, "totalFee": 0.5},
        "account",
    ),
    "GetFeeRate": (
        lambda c: get_fee_rates(c, group="G"),
        "infoFeeRates",
        {"areaName": "UK", "fee": 0.1, "period": 60},
        "feePrefix",
    ),
    "GetSuite": (lambda c: get_suites(c, ids=[1]), "infoSuites", {"name": "Weekend"}, "id"),
    "GetSuiteOrder": (lambda c: get_suite_orders(c, account="A"), "infoSuiteOrders", {"availableTime": 1}, "suiteId"),
}
NUMBERED = ("GetSuite", "GetSuiteOrder")
HUGE = b"1" + b"0" * 400
# A field of each type, what may stand in it, and what that is called.
ODD = {
    "startTime": ((b"-1", HUGE, b'"x"', b"[]"), RowFault.NOT_AN_INSTANT),
    "payTime": ((b"-1", HUGE, b'"x"'), RowFault.NOT_AN_INSTANT),
    "time": ((b"-1", HUGE, b'"x"'), RowFault.NOT_AN_INSTANT),
    "beginTime": ((b"-1", HUGE, b'"x"'), RowFault.NOT_AN_INSTANT),
    "availableTime": ((b"-1", HUGE, b'"x"'), RowFault.NOT_AN_INSTANT),
    "money": ((b'"NaN"', b'"x"', HUGE + b"0", b"{}", b"true"), RowFault.NOT_AN_AMOUNT),
    "todayConsumption": ((b'"NaN"', b'"x"', b"[]"), RowFault.NOT_AN_AMOUNT),
    "fee": ((b'"NaN"', b'"-Infinity"', b"{}"), RowFault.NOT_AN_AMOUNT),
    "customerMoney": ((b'"NaN"', b"{}"), RowFault.NOT_AN_AMOUNT),
    "totalFee": ((b'"NaN"', b"[]"), RowFault.NOT_AN_AMOUNT),
    "name": ((b"5", b"[]"), RowFault.NOT_OF_ITS_KIND),
    "memo": ((b"5", b"{}"), RowFault.NOT_OF_ITS_KIND),
    "accountName": ((b"5", b"{}"), RowFault.NOT_OF_ITS_KIND),
    "areaName": ((b"5", b"{}"), RowFault.NOT_OF_ITS_KIND),
    "type": ((b'"x"', b"2147483648", b"{}"), RowFault.NOT_OF_ITS_KIND),
    "cdrCount": ((b'"x"', b"1.5"), RowFault.NOT_OF_ITS_KIND),
    "period": ((b'"x"', b"1.5"), RowFault.NOT_OF_ITS_KIND),
}
TEXTS = ("name", "memo", "accountName", "areaName")
REQUIRED = ("money", "limitMoney", "fee", "payTime", "time", "beginTime", "cdrCount", "totalFee", "period")


def planted() -> list[Any]:
    return [
        pytest.param(operation, field, value, fault, id=f"{operation}.{field}={value[:12]!r}")
        for operation, (_, _, row, _) in OPERATIONS.items()
        for field in row
        for value, fault in [
            *((value, ODD[field][1]) for value in ODD.get(field, ((), None))[0]),
            *([(b'"caf\xe9"', RowFault.NOT_UTF8)] if field in TEXTS else []),
            *([(b"null", RowFault.NOT_STATED), (b"", RowFault.NOT_STATED)] if field in REQUIRED else []),
        ]
    ]


def row(operation: str, number: int, **changes: bytes | None) -> bytes:
    _, _, good, named_by = OPERATIONS[operation]
    name: object = number if operation in NUMBERED else f"N-{number}"
    members = {member: json.dumps(value).encode() for member, value in {named_by: name, **good}.items()}
    members |= {name: value for name, value in changes.items() if value is not None}
    return b"{" + b",".join(b'"%b":%b' % (name.encode(), value) for name, value in members.items() if value) + b"}"


def ask(make_client: MakeClient, operation: str, *rows: bytes) -> Listed[Any]:
    asking, key, _, _ = OPERATIONS[operation]
    with RawServer(reply(b'{"retCode":0,"%b":[%b]}' % (key.encode(), b",".join(rows)))) as server:
        found: Listed[Any] = asking(make_client(server.url))
    return found


def with_one_bad(make_client: MakeClient, operation: str, bad: bytes) -> Listed[Any]:
    good = [row(operation, number) for number in range(GOOD)]
    return ask(make_client, operation, *good[:70], bad, *good[70:])


@pytest.mark.parametrize(("operation", "field", "value", "fault"), planted())
def test_one_bad_field_spoils_its_row_alone(
    make_client: MakeClient, operation: str, field: str, value: bytes, fault: RowFault
) -> None:
    found = with_one_bad(make_client, operation, row(operation, 999, **{field: value}))
    assert len(found) == GOOD
    (bad,) = found.unreadable
    assert (bad.name, bad.fault, bad.field_name) == ("999" if operation in NUMBERED else "N-999", fault, field)
    with pytest.raises(Malformed, match=field):
        found.whole(operation)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("bad", [b"5", b"null", b"[]", b'"x"'])
def test_what_is_no_row_has_no_name(make_client: MakeClient, operation: str, bad: bytes) -> None:
    found = with_one_bad(make_client, operation, bad)
    assert len(found) == GOOD
    assert [(row.name, row.fault) for row in found.unreadable] == [("", RowFault.NOT_A_ROW)]


@pytest.mark.parametrize(
    ("value", "name", "fault"),
    [
        (b"null", "", RowFault.NOT_STATED),
        (b"", "", RowFault.NOT_STATED),
        (b"20417", "20417", RowFault.NOT_OF_ITS_KIND),
        (b'"caf\xe9"', "", RowFault.NOT_UTF8),
        (b"{}", "", RowFault.NOT_OF_ITS_KIND),
    ],
)
def test_a_row_whose_own_name_is_bad_is_named_as_far_as_it_can_be(
    make_client: MakeClient, value: bytes, name: str, fault: RowFault
) -> None:
    for operation in ("GetCustomer", "GetAllCustomers", "GetPayHistory", "GetReportCustomerFee"):
        found = with_one_bad(make_client, operation, row(operation, 999, account=value))
        assert len(found) == GOOD
        assert [(bad.name, bad.fault, bad.field_name) for bad in found.unreadable] == [(name, fault, "account")]


def test_null_is_as_good_as_left_out(make_client: MakeClient) -> None:
    found = with_one_bad(make_client, "GetCustomer", row("GetCustomer", 999, name=b"null", startTime=b"null"))
    assert (len(found), found.unreadable) == (GOOD + 1, ())


def test_text_that_is_not_utf8_in_a_field_that_is_not_read_spoils_nothing(make_client: MakeClient) -> None:
    found = with_one_bad(make_client, "GetAllCustomers", row("GetAllCustomers", 999, note=b'"caf\xe9"'))
    assert (len(found), found.unreadable) == (GOOD + 1, ())


def test_text_that_is_not_utf8_beside_the_rows_spoils_the_answer(make_client: MakeClient) -> None:
    body = b'{"retCode":0,"note":"\xff","infoCustomerBriefs":[]}'
    with RawServer(reply(body)) as server, pytest.raises(Malformed, match="UTF-8"):
        get_all_customers(make_client(server.url))


def test_a_sender_cannot_write_the_mark_of_what_is_not_utf8(make_client: MakeClient) -> None:
    name = '"\ufdd0"'.encode()
    for value in (name, b'"\\ufdd0"'):
        found = with_one_bad(make_client, "GetCustomer", row("GetCustomer", 999, name=value))
        assert (len(found), found.unreadable) == (GOOD + 1, ())


def test_a_row_of_a_report_that_cannot_be_read_may_still_say_its_day(make_client: MakeClient) -> None:
    for begin, day in ((b"%d" % MILLIS, date(2026, 11, 23)), (b'"x"', None)):
        bad = row("GetReportCustomerFee", 999, totalFee=b'"x"', beginTime=begin)
        (unreadable,) = with_one_bad(make_client, "GetReportCustomerFee", bad).unreadable
        assert day_of_unreadable(unreadable, SHANGHAI) == day


def test_a_bad_phone_beside_the_one_that_is_asked_for_hides_nothing(make_client: MakeClient) -> None:
    phone = b'{"e164":"44","account":"A","customerPassword":"secret"}'
    for rows, is_shown in ((b'{"e164":5},%b' % phone, True), (b'{"e164":"44","account":5}', False)):
        with RawServer(reply(b'{"retCode":0,"infoPhones":[%b]}' % rows)) as server:
            client = make_client(server.url)
            assert is_phone_of(client, e164="44", account="A", web_password="secret") is is_shown


def test_every_list_is_read_row_by_row_where_it_must_be() -> None:
    for module in iter_modules(operations.__path__):
        assert "Decoder(list" not in getsource(import_module(f"{operations.__name__}.{module.name}")), module.name
