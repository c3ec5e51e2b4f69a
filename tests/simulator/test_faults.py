"""Each fault does to the answer and to the ledger what its name says."""

import json
from decimal import Decimal
from time import monotonic
from typing import Any

import pytest

from simulator.faults import Kind
from simulator.process import SimulatorProcess
from tests.simulator.asking import LOST, Asking

PAY = json.dumps({"ownerName": "C-301", "ownerType": 2, "money": 5, "memo": "reference-0123456789"}).encode()
ACTED = {
    Kind.DROP_AFTER,
    Kind.LATE,
    Kind.LATE_CODE_AFTER,
    Kind.UNLISTED_CODE_AFTER,
    Kind.EMPTY_AFTER,
    Kind.CUT_BODY,
    Kind.ERROR_500_AFTER,
    Kind.NON_UTF8,
    Kind.WRONG_PAY_MONEY,
    Kind.TRUNCATE_MEMO,
    Kind.CLOCK_SKEW,
    Kind.SLOW_TRICKLE,
    Kind.ODD_ROW,
}


def _paid(simulator: SimulatorProcess, kind: Kind, **options: Any) -> tuple[int, bytes]:
    """The answer to one Pay under a fault, after checking that only this one Pay was befallen."""
    simulator.control.add_fault("Pay", kind, count=1, **options)
    return Asking(simulator.url).raw("Pay", PAY)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_fault_acts_or_does_not_and_befalls_only_its_count(simulator: SimulatorProcess, kind: Kind) -> None:
    switch, control = Asking(simulator.url), simulator.control
    before = control.account("C-301").money
    control.add_fault("Pay", kind, count=1, seconds=0.05)
    try:
        switch.raw("Pay", PAY)
    except LOST:
        assert kind in {Kind.DROP_BEFORE, Kind.DROP_AFTER, Kind.CUT_BODY, Kind.APPLY_LATER}
    control.drain()
    acted = kind in ACTED or kind is Kind.APPLY_LATER
    assert control.account("C-301").money == before + (5 if acted else 0)
    assert [request.acted for request in control.received("Pay")] == [acted]
    assert control.faults()[0].injected == 1
    assert switch.pay("C-301", "1")["infoPay"]["payMoney"] == 1


@pytest.mark.parametrize("kind", [Kind.DROP_BEFORE, Kind.DROP_AFTER])
def test_a_drop_is_a_reset_without_an_answer(simulator: SimulatorProcess, kind: Kind) -> None:
    with pytest.raises(ConnectionResetError):
        _paid(simulator, kind)


@pytest.mark.parametrize("kind", [Kind.EMPTY_BEFORE, Kind.EMPTY_AFTER])
def test_an_empty_body_is_a_200_with_nothing_in_it(simulator: SimulatorProcess, kind: Kind) -> None:
    assert _paid(simulator, kind) == (200, b"")


@pytest.mark.parametrize(
    ("kind", "status"), [(Kind.HTML_403, 403), (Kind.ERROR_500_BEFORE, 500), (Kind.ERROR_500_AFTER, 500)]
)
def test_an_html_page_comes_with_its_status(simulator: SimulatorProcess, kind: Kind, status: int) -> None:
    answer = _paid(simulator, kind)
    assert answer[0] == status
    assert b"<html>" in answer[1]


@pytest.mark.parametrize("kind", [Kind.LATE_CODE_BEFORE, Kind.LATE_CODE_AFTER, Kind.LATE])
def test_a_late_answer_is_late(simulator: SimulatorProcess, kind: Kind) -> None:
    begin = monotonic()
    _, raw = _paid(simulator, kind, seconds=0.3)
    assert monotonic() - begin >= 0.3
    assert (json.loads(raw)["retCode"] == 0) == (kind is Kind.LATE)


@pytest.mark.parametrize(
    ("kind", "code"), [(Kind.UNLISTED_CODE, -10999), (Kind.UNLISTED_CODE_AFTER, -10999), (Kind.LISTED_CODE, -10007)]
)
def test_a_code_is_answered_at_once(simulator: SimulatorProcess, kind: Kind, code: int) -> None:
    assert json.loads(_paid(simulator, kind)[1])["retCode"] == code


def test_a_code_can_be_chosen(simulator: SimulatorProcess) -> None:
    assert json.loads(_paid(simulator, Kind.UNLISTED_CODE, code=-77)[1])["retCode"] == -77


def test_a_redirect_leads_to_the_same_operation(simulator: SimulatorProcess) -> None:
    simulator.control.add_fault("Pay", Kind.REDIRECT, count=1)
    with Asking(simulator.url).post("/external/server/Pay", PAY) as answer:
        assert answer.status == 307
        assert answer.headers["Location"] == "/external/server/Pay"


def test_a_spoiled_body_is_not_utf8(simulator: SimulatorProcess) -> None:
    with pytest.raises(UnicodeDecodeError):
        _paid(simulator, Kind.NON_UTF8)[1].decode("utf-8")


def test_a_wrong_pay_money_is_another_amount_than_was_paid(simulator: SimulatorProcess) -> None:
    _, raw = _paid(simulator, Kind.WRONG_PAY_MONEY, amount=Decimal("4.99"))
    assert json.loads(raw)["infoPay"]["payMoney"] == 4.99


def test_a_truncated_memo_stays_truncated(simulator: SimulatorProcess) -> None:
    _paid(simulator, Kind.TRUNCATE_MEMO, length=9)
    assert simulator.control.account("C-301").pays[-1].memo == "reference"


def test_a_skewed_clock_stamps_the_payment_a_quarter_of_an_hour_off(simulator: SimulatorProcess) -> None:
    _paid(simulator, Kind.CLOCK_SKEW)
    _, raw = Asking(simulator.url).raw("Pay", PAY)
    assert json.loads(raw)["retCode"] == 0
    skewed, right = simulator.control.account("C-301").pays[-2:]
    assert 890_000 < skewed.pay_time - right.pay_time <= 900_000


def test_a_trickle_takes_its_time_and_ends_whole(simulator: SimulatorProcess) -> None:
    begin = monotonic()
    _, raw = _paid(simulator, Kind.SLOW_TRICKLE, seconds=0.4)
    assert monotonic() - begin >= 0.35
    assert json.loads(raw)["retCode"] == 0


def test_what_is_applied_later_happens_when_its_time_has_come(simulator: SimulatorProcess) -> None:
    control, switch = simulator.control, Asking(simulator.url)
    before = switch.money("C-301")
    control.add_fault("Pay", Kind.APPLY_LATER, count=1, answer="code")
    assert switch.pay("C-301", "5")["retCode"] == -10999
    assert switch.money("C-301") == before
    control.shift_clock(601)
    assert switch.money("C-301") == before + 5
    assert control.drain() == 0


def test_a_fault_can_wait_and_can_be_for_every_operation(simulator: SimulatorProcess) -> None:
    simulator.control.add_fault("*", Kind.LISTED_CODE, count=2, after=1)
    switch = Asking(simulator.url)
    operations = ("GetAllCustomers", "GetSuite", "GetAllCustomers", "GetSuite")
    assert [switch.ask(name)["retCode"] for name in operations] == [0, -10007, -10007, 0]


def test_the_first_matching_fault_wins(simulator: SimulatorProcess) -> None:
    simulator.control.add_fault("Pay", Kind.UNLISTED_CODE, count=1)
    simulator.control.add_fault("*", Kind.LISTED_CODE)
    switch = Asking(simulator.url)
    assert [switch.pay("C-301", "1")["retCode"] for _ in range(2)] == [-10999, -10007]


def test_a_rate_befalls_its_share_and_the_same_ones_for_the_same_seed(simulator: SimulatorProcess) -> None:
    def codes() -> list[int]:
        simulator.control.clear_faults()
        simulator.control.add_fault("*", Kind.LISTED_CODE, rate=0.25, seed=5)
        return [switch.ask("GetSuite")["retCode"] for _ in range(120)]

    switch = Asking(simulator.url)
    first = codes()
    assert first == codes()
    assert 15 <= sum(code != 0 for code in first) <= 45


def test_a_fault_can_be_for_one_day_alone(simulator: SimulatorProcess) -> None:
    simulator.control.add_fault("GetCdr", Kind.UNLISTED_CODE, day="20200102")
    switch = Asking(simulator.url)
    days = ("20200101", "20200102", "20200103")
    codes = [switch.ask("GetCdr", accounts=["W-900"], beginTime=day, endTime=day)["retCode"] for day in days]
    assert codes == [0, -10999, 0]


def test_a_fault_can_be_for_long_answers_alone(simulator: SimulatorProcess) -> None:
    simulator.control.add_fault("GetCustomer", Kind.NON_UTF8, longer_than=2000)
    switch = Asking(simulator.url)
    assert switch.ask("GetCustomer", accounts=["W-900"])["retCode"] == 0
    with pytest.raises(UnicodeDecodeError):
        switch.ask("GetCustomer", accounts=["W-900", "C-301", "A-20417", "A-20418", "R-100", "C-302", "C-303"])


def test_removed_faults_befall_nothing(simulator: SimulatorProcess) -> None:
    simulator.control.add_fault("*", Kind.HTML_403)
    simulator.control.clear_faults()
    assert simulator.control.faults() == []
    assert Asking(simulator.url).ask("GetSuite")["retCode"] == 0


@pytest.mark.parametrize("kind", [Kind.CUT_BODY, Kind.NON_UTF8, Kind.EMPTY_AFTER, Kind.DROP_AFTER])
def test_call_records_can_be_disturbed_too(simulator: SimulatorProcess, kind: Kind) -> None:
    simulator.control.add_fault("GetCdr", kind, count=1)
    ask = json.dumps({"accounts": ["W-900"], "beginTime": "20200101", "endTime": "20991231"}).encode()
    try:
        raw = Asking(simulator.url).raw("GetCdr", ask)[1]
    except LOST:
        assert kind in {Kind.CUT_BODY, Kind.DROP_AFTER}
    else:
        with pytest.raises(ValueError, match=r".+"):
            json.loads(raw.decode("utf-8"))


def test_an_odd_row_is_odd_in_one_field_alone(simulator: SimulatorProcess) -> None:
    switch = Asking(simulator.url)
    whole = switch.raw("GetAllCustomers", b'{"type":1}')[1]
    for value, shown in ((None, b'{"account":"C-301","limitMoney"'), ('"\xff"', b'"money":"\xff"')):
        simulator.control.add_fault("GetAllCustomers", "odd_row", count=1, row="C-301", field="money", value=value)
        answer = switch.raw("GetAllCustomers", b'{"type":1}')[1]
        assert shown in answer
        assert answer.count(b'"account"') == whole.count(b'"account"')
    simulator.control.add_fault("GetAllCustomers", "odd_row", count=1, row="C-301", value="[]")
    rows = json.loads(switch.raw("GetAllCustomers", b'{"type":1}')[1])["infoCustomerBriefs"]
    assert rows.count([]) == 1
