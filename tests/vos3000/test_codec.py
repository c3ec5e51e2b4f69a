from __future__ import annotations

import contextlib
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.json import Decoder

from billing.vos3000 import Malformed
from billing.vos3000.codec import exact_number, read_answer, write_body
from billing.vos3000.operations.customers import Customer, CustomerBrief
from billing.vos3000.operations.payments import Paid, PayRecord

BRIEFS = Decoder(list[CustomerBrief], strict=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
AMOUNTS = st.decimals(min_value=-(10**8), max_value=10**8, places=6).filter(bool)


def brief(money: str) -> CustomerBrief:
    body = f'{{"retCode":0,"infoCustomerBriefs":[{{"account":"A","money":{money},"limitMoney":0.0}}]}}'
    rows = read_answer("GetAllCustomers", body.encode()).result("infoCustomerBriefs", BRIEFS)
    assert rows is not None
    return rows[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10.0", "10"),
        ("1.0E-4", "0.0001"),
        ("1.23456789E7", "12345678.9"),
        ("-0.0", "0"),
        ("4.9E-324", "4.9E-324"),
        ("1.7976931348623157E308", "1.7976931348623157E308"),
        ('"0.1"', "0.1"),
        ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
    ],
)
def test_money_is_read_from_its_text(text: str, value: str) -> None:
    assert brief(text).money == Decimal(value)


@pytest.mark.parametrize("text", ['"NaN"', '"sNaN"', '"-Infinity"', "1E999999", '"x"', "true", "null", "[]", "NaN"])
def test_what_is_no_amount_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        brief(text)


@given(AMOUNTS)
def test_an_amount_is_written_and_read_back_unchanged(amount: Decimal) -> None:
    body = write_body({"money": exact_number(amount)}, {})
    text = body.decode().removeprefix('{"money":').removesuffix("}")
    assert "e" not in text.lower()
    assert Decimal(text) == amount
    assert brief(text).money == amount
    assert Decimal(repr(json.loads(body)["money"])) == amount, "the switch's double keeps it"


@given(TEXT)
def test_any_text_goes_out_and_comes_back(text: str) -> None:
    body = write_body({"retCode": 0, "infoPay": {"account": text, "payMoney": 1}}, {})
    paid = read_answer("Pay", body).result("infoPay", Decoder(Paid))
    assert paid is not None
    assert paid.account == text.replace("\0", "\ufffd")


@given(st.text())
def test_any_escapes_can_be_read(text: str) -> None:
    """Lone surrogates too, which only escapes can bring."""
    body = json.dumps({"retCode": 0, "infoPay": {"account": text, "payMoney": 1}}).encode()
    paid = read_answer("Pay", body).result("infoPay", Decoder(Paid))
    assert paid is not None
    paid.account.encode()
    assert "\0" not in paid.account


@given(st.binary())
def test_any_bytes_are_malformed_at_worst(body: bytes) -> None:
    with contextlib.suppress(Malformed):
        read_answer("Pay", body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["account", "money", "limitMoney"]), inner),
    )
)
def test_any_json_in_the_place_of_rows_is_malformed_at_worst(rows: object) -> None:
    body = json.dumps({"retCode": 0, "infoCustomerBriefs": rows})
    with contextlib.suppress(Malformed):
        read_answer("GetAllCustomers", body.encode()).result("infoCustomerBriefs", BRIEFS)


def test_passwords_in_an_answer_are_not_read() -> None:
    row = '{"account":"A","money":1,"limitMoney":0,"password":"geheim","customerPassword":"geheim"}'
    answer = read_answer("GetCustomer", f'{{"retCode":0,"infoCustomers":[{row}]}}'.encode())
    customers = answer.result("infoCustomers", Decoder(list[Customer]))
    assert "geheim" not in repr(customers) + repr(answer)


def test_a_time_that_no_calendar_holds_is_malformed() -> None:
    row = '{"account":"A","fee":1,"type":0,"payTime":9223372036854775807}'
    answer = read_answer("GetPayHistory", f'{{"retCode":0,"infoPayHistorys":[{row}]}}'.encode())
    with pytest.raises(Malformed):
        answer.result("infoPayHistorys", Decoder(list[PayRecord]))
