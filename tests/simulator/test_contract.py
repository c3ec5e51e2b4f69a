"""Every operation takes and answers what the contract says."""

import json
from typing import Any

import pytest

from simulator.contract import Field, contract
from simulator.process import SimulatorProcess
from tests.simulator.asking import Asking
from tests.simulator.checking import check_answer

OPERATIONS = sorted(contract().operations)
PERIOD = {"beginTime": "20200101", "endTime": "20991231"}
SECONDS = {"beginTime": "20200101000000", "endTime": "20991231235959"}

FULL_ANSWERS: list[tuple[str, dict[str, Any]]] = [
    ("GetCustomer", {"accounts": ["A-20417", "R-100", "C-303"]}),
    ("GetCustomer", {"filterAgentAccount": {"filterAgentAccount": "R-100", "querySonMode": 0}}),
    ("GetAllCustomers", {"type": 0}),
    ("GetAllCustomers", {"type": 1}),
    ("Pay", {"ownerName": "A-20417", "ownerType": 2, "money": 1.5, "memo": "x"}),
    ("PayByPhoneCard", {"ownerName": "A-20417", "ownerType": 2, "pin": "90000001", "password": "4101"}),
    ("GetPhoneCard", {"pin": "90000901"}),
    ("GetPayHistory", {"account": "A-20417", **SECONDS}),
    ("GetPayHistory", {"agentAccount": "R-100", **SECONDS}),
    ("GetConsumption", {"account": "A-20417", **SECONDS}),
    ("GetCdr", {"accounts": ["A-20417", "W-900"], **PERIOD}),
    ("GetReportCustomerFee", {"accounts": ["A-20417", "W-900"], "period": 1, **PERIOD}),
    ("GetReportPhoneFee", {"account": "A-20417", "period": -2, **PERIOD}),
    ("GetReportCustomerLocationFee", {"account": "A-20417", "period": -2, **PERIOD}),
    ("GetFeeRateGroup", {}),
    ("GetFeeRate", {"feeRateGroup": "Retail"}),
    ("GetAvailableTime", {"billingName": "A-20417", "billingMode": 0, "calleeE164": "8801712345678"}),
    (
        "GetIvrSecondAvailableTime",
        {"billingNumber": "A-20417", "billingType": 0, "calleeE164": "8612", "firstE164": "1"},
    ),
    ("GetPhone", {"accounts": ["A-20417"]}),
    ("GetPhoneOnline", {"e164s": ["442079460101"]}),
    ("GetAllPhoneOnline", {}),
    ("GetSuite", {}),
    ("GetSuiteOrder", {"ownerName": "A-20417", "ownerType": 2}),
    ("GetCurrentSuite", {"ownerName": "A-20417", "ownerType": 2}),
    ("GetCustomerPhoneBook", {"account": "A-20417"}),
    ("GetCurrentCall", {}),
    ("GetActivePhoneCard", {"pins": ["770001"]}),
    ("GetBindedE164", {"account": "A-20417"}),
    ("GetGatewayMapping", {"names": ["gw-baltic"]}),
    ("GetGatewayMappingOnline", {}),
    ("GetGatewayRouting", {"names": ["rt-dhaka-1"]}),
    ("GetGatewayRoutingOnline", {}),
    ("GetSoftSwitch", {}),
    ("GetPerformance", {}),
    ("GetMobileArea", {}),
    ("CallBack", {"callerE164": "1", "calleeE164s": "2", "accessE164": "3", "accessE164Password": "4"}),
]


@pytest.mark.parametrize(("operation", "body"), FULL_ANSWERS, ids=[name for name, _ in FULL_ANSWERS])
def test_an_answer_has_exactly_the_contracts_fields(switch: Asking, operation: str, body: dict[str, Any]) -> None:
    answer = check_answer(contract().operations[operation], switch.text(operation, **body))
    assert answer["retCode"] == 0
    assert len(answer) > 1, "an answer without its result proves nothing"


def test_there_are_91_operations() -> None:
    assert len(OPERATIONS) == 91


def test_every_operation_takes_a_body_of_the_right_types(simulator: SimulatorProcess) -> None:
    switch = Asking(simulator.url)
    for name in OPERATIONS:
        operation = contract().operations[name]
        answer = check_answer(operation, switch.text(name, **_minimal(operation.request)))
        assert answer["retCode"] != -10001, (name, answer)


def test_every_required_field_is_required(simulator: SimulatorProcess) -> None:
    switch = Asking(simulator.url)
    for name in OPERATIONS:
        whole = _minimal(contract().operations[name].request)
        for missing in whole:
            answer = switch.ask(name, **{key: value for key, value in whole.items() if key != missing})
            assert answer == {"retCode": -10001, "exception": f"Parameter {missing} is missing."}


def test_every_field_is_checked_for_its_type(simulator: SimulatorProcess) -> None:
    switch = Asking(simulator.url)
    for name in OPERATIONS:
        operation = contract().operations[name]
        for field in operation.request:
            answer = switch.ask(name, **{**_minimal(operation.request), field.name: _wrong(field)})
            assert answer["retCode"] == -10001, (name, field.name)


def test_a_code_outside_the_table_is_refused(switch: Asking) -> None:
    answer = switch.ask("Pay", ownerName="A-20417", ownerType=3, money=1)
    assert answer == {"retCode": -10001, "exception": "Parameter ownerType is out of range."}


def _minimal(fields: tuple[Field, ...]) -> dict[str, Any]:
    return {field.name: _sample(field) for field in fields if field.required}


def _sample(field: Field) -> Any:
    if field.many:
        return [_sample_one(field)]
    return _sample_one(field)


def _sample_one(field: Field) -> Any:
    if field.format:
        return "20261101000000"[: len(field.format)]
    if field.type in contract().types:
        return _minimal(contract().types[field.type])
    if field.type in {"String", "LongString"}:
        return "none"
    if field.type in {"boolean", "Boolean"}:
        return False
    if field.name == "period":
        return 1
    return min(field.codes, default=1)


def _wrong(field: Field) -> Any:
    if field.many or field.type not in {"String", "LongString"}:
        return "not that"
    return {"not": "a text"}


@pytest.mark.parametrize("content_type", ["text/html;charset=UTF-8", "application/json", "text/plain"])
def test_any_content_type_and_a_trailing_line_end_are_read(switch: Asking, content_type: str) -> None:
    status, raw = switch.raw("GetAllCustomers", b'{"type":1}\r\n\n', content_type)
    assert status == 200
    assert check_answer(contract().operations["GetAllCustomers"], raw.decode())["infoCustomerBriefs"]


def test_numbers_may_be_strings(switch: Asking) -> None:
    answer = switch.ask("Pay", ownerName="A-20417", ownerType="2", money="1.0E-4")
    assert str(answer["infoPay"]["payMoney"]) == "0.00010"


def test_a_number_may_stand_for_a_text(switch: Asking) -> None:
    switch.ask("Pay", ownerName="A-20417", ownerType=2, money=1, memo=42)
    rows = switch.ask("GetPayHistory", account="A-20417", **SECONDS)["infoPayHistorys"]
    assert rows[-1]["memo"] == "42"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"type":NaN}', b"type=1", b'\xff{"type":1}', b"[" * 100_000, b'"text"']
)
def test_a_body_that_is_no_json_object_gets_an_empty_answer(switch: Asking, body: bytes) -> None:
    assert switch.raw("GetAllCustomers", body) == (200, b"")


def test_the_answer_is_html_by_its_content_type(switch: Asking) -> None:
    with switch.post("/external/server/GetAllCustomers", b"{}") as answer:
        assert answer.headers["Content-Type"] == "text/html;charset=UTF-8"


def test_the_test_directory_holds_the_same_operations(switch: Asking) -> None:
    with switch.post("/external/test/server/GetAllCustomers", b"{}") as answer:
        assert json.loads(answer.read())["retCode"] == 0


@pytest.mark.parametrize(
    "path", ["/external/server/Nothing", "/external/server/", "/elsewhere", "/external/server/Pay.jsp"]
)
def test_what_does_not_exist_is_an_html_404(switch: Asking, path: str) -> None:
    with switch.post(path, b"{}") as answer:
        assert answer.status == 404
        assert b"<html>" in answer.read()


def test_half_a_surrogate_pair_comes_back_as_java_writes_it(switch: Asking) -> None:
    switch.raw("Pay", b'{"ownerName":"A-20417","ownerType":2,"money":1,"memo":"a\\ud800b \\u0000 \xe2\x98\x95"}')
    rows = switch.ask("GetPayHistory", account="A-20417", **SECONDS)["infoPayHistorys"]
    assert rows[-1]["memo"] == "a?b \0 ☕"


def test_the_key_of_available_time_has_its_capital(switch: Asking) -> None:
    answer = switch.ask("GetAvailableTime", billingName="A-20417", billingMode=0, calleeE164="8801712345678")
    assert answer["InfoAvailableTime"]["timeRemain"] > 0
