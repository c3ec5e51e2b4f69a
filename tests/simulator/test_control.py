"""What tests and demos can do to the world behind the switch's back."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import time

import pytest

from simulator.control import ControlFailed
from simulator.process import SimulatorProcess
from tests.simulator.asking import LOST, Asking

SECONDS = {"beginTime": "20200101000000", "endTime": "20991231235959"}
ALL_DAYS = {"beginTime": "20200101", "endTime": "20991231"}


def _yesterday() -> tuple[str, int]:
    noon = (datetime.now(UTC) - timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    return f"{noon:%Y%m%d}", int(noon.timestamp() * 1000)


def test_requests_are_counted_by_operation(simulator: SimulatorProcess) -> None:
    switch = Asking(simulator.url)
    switch.ask("GetSuite")
    switch.pay("C-301", "1")
    switch.pay("nobody", "1")
    stats = simulator.control.stats()
    assert (stats.requests, stats.total) == ({"GetSuite": 1, "Pay": 2}, 3)
    simulator.control.reset_stats()
    assert simulator.control.stats().total == 0


def test_every_request_is_kept_with_what_became_of_it(simulator: SimulatorProcess) -> None:
    switch = Asking(simulator.url)
    switch.pay("C-301", "1", "first")
    switch.pay("nobody", "1")
    switch.raw("Pay", b"{")
    first, second, third = simulator.control.received("Pay")
    assert first.body is not None
    assert first.body["memo"] == "first"
    assert (first.acted, second.acted, third.acted) == (True, False, False)
    assert third.body is None


def test_a_reset_gives_back_the_fresh_world(simulator: SimulatorProcess) -> None:
    switch, control = Asking(simulator.url), simulator.control
    before = control.account("C-301")
    customers = switch.text("GetAllCustomers", type=1)
    switch.pay("C-301", "7")
    switch.ask("DeletePhone", e164="442079460101")
    flow = switch.ask("GetCdr", accounts=["C-301"], **ALL_DAYS)["infoCdrs"][0]["flowNo"]
    control.remove_call(flow)
    control.add_fault("Pay", "apply_later")
    with pytest.raises(LOST):
        switch.pay("C-301", "9")
    control.shift_clock(1000)
    control.reset()
    assert control.account("C-301") == before
    assert switch.text("GetAllCustomers", type=1) == customers
    assert switch.ask("GetPhone", e164s=["442079460101"])["retCode"] == 0
    assert control.faults() == []
    assert control.drain() == 0
    assert control.stats().requests == {"GetAllCustomers": 1, "GetPhone": 1}


def test_another_seed_is_another_world(simulator: SimulatorProcess) -> None:
    before = simulator.control.account("W-900").call_fees
    simulator.control.reset(seed=99)
    assert simulator.control.account("W-900").call_fees != before
    simulator.control.reset(seed=1)
    assert simulator.control.account("W-900").explained == simulator.control.account("W-900").money


def test_a_paused_switch_refuses_connections_and_comes_back(simulator: SimulatorProcess) -> None:
    switch = Asking(simulator.url)
    simulator.control.pause()
    simulator.control.pause()
    with pytest.raises(ConnectionRefusedError):
        switch.ask("GetSuite")
    simulator.control.resume()
    assert switch.ask("GetSuite")["retCode"] == 0


def test_a_late_record_appears_on_its_day_and_is_billed(simulator: SimulatorProcess) -> None:
    switch, control = Asking(simulator.url), simulator.control
    day, noon = _yesterday()
    ask = {"accounts": ["A-20417"], "beginTime": day, "endTime": day}
    before, agent = control.account("A-20417"), control.account("R-100")
    report = switch.ask("GetReportCustomerFee", period=1, **ask).get("infoReportCustomerFees", [{"cdrCount": 0}])[0]
    flow = control.add_call(
        "A-20417", "8801712345678", start=noon, seconds=90, fee=Decimal("0.0483"), agent_fee=Decimal("0.02"),
        fields={"feePrefix": "880", "callLevel": 5},
    )  # fmt: skip
    calls = switch.ask("GetCdr", **ask)["infoCdrs"]
    call = next(call for call in calls if call["flowNo"] == flow)
    assert (call["fee"], call["feePrefix"], call["start"]) == (Decimal("0.0483"), "880", noon)
    assert [each["start"] for each in calls] == sorted(each["start"] for each in calls)
    after = control.account("A-20417")
    assert after.money == before.money - Decimal("0.0483") == after.explained
    assert control.account("R-100").money == agent.money - Decimal("0.02")
    again = switch.ask("GetReportCustomerFee", period=1, **ask)["infoReportCustomerFees"][0]
    assert again["cdrCount"] == report["cdrCount"] + 1


def test_an_edited_record_changes_the_balance_by_the_difference_unless_silent(simulator: SimulatorProcess) -> None:
    control = simulator.control
    _, noon = _yesterday()
    flow = control.add_call("C-301", "4420", start=noon, fee=Decimal("0.5"))
    before = control.account("C-301").money
    control.edit_call(flow, fee=Decimal("0.75"))
    assert control.account("C-301").money == before - Decimal("0.25")
    control.edit_call(flow, fee=Decimal(2), fields={"calleeE164": "4421"}, silent=True)
    after = control.account("C-301")
    assert after.money == before - Decimal("0.25")
    assert after.explained == after.money - Decimal("1.25")


def test_a_removed_record_is_gone_and_given_back(simulator: SimulatorProcess) -> None:
    control, switch = simulator.control, Asking(simulator.url)
    call = switch.ask("GetCdr", accounts=["C-301"], **ALL_DAYS)["infoCdrs"][5]
    before = control.account("C-301").money
    control.remove_call(call["flowNo"])
    calls = switch.ask("GetCdr", accounts=["C-301"], **ALL_DAYS)["infoCdrs"]
    assert call["flowNo"] not in {each["flowNo"] for each in calls}
    assert control.account("C-301").money == before + call["fee"]


def test_payments_and_charges_from_elsewhere_leave_their_rows(simulator: SimulatorProcess) -> None:
    control, switch = simulator.control, Asking(simulator.url)
    before = switch.money("C-301")
    assert control.pay("C-301", Decimal("3.5"), memo="at the counter") == before + Decimal("3.5")
    assert control.charge("C-301", Decimal("0.5"), kind=2) == before + 3
    row = switch.ask("GetPayHistory", account="C-301", **SECONDS)["infoPayHistorys"][-1]
    assert (row["payType"], row["memo"]) == (0, "at the counter")
    charge = switch.ask("GetConsumption", account="C-301", **SECONDS)["infoConsumptions"][-1]
    assert (charge["type"], charge["money"], charge["customerMoney"]) == (2, Decimal("0.5"), before + 3)


def test_a_balance_set_by_hand_is_explained_by_nothing(simulator: SimulatorProcess) -> None:
    simulator.control.set_money("C-301", Decimal("1000.01"))
    account = simulator.control.account("C-301")
    assert account.money == Decimal("1000.01") != account.explained


def test_the_switchs_clock_can_be_off(simulator: SimulatorProcess) -> None:
    simulator.control.shift_clock(-900)
    Asking(simulator.url).pay("C-301", "1")
    at = simulator.control.account("C-301").pays[-1].pay_time
    assert abs(at - (time() - 900) * 1000) < 5000


def test_what_control_does_not_know_is_refused_with_a_reason(simulator: SimulatorProcess) -> None:
    with pytest.raises(ControlFailed, match="no account nobody"):
        simulator.control.account("nobody")
    with pytest.raises(ControlFailed, match="no call record 1"):
        simulator.control.edit_call(1, fee=Decimal(1))
    with pytest.raises(ControlFailed, match="Invalid enum value"):
        simulator.control.add_fault("Pay", "sulk")


def test_a_day_of_very_many_calls_agrees_with_its_report(simulator: SimulatorProcess) -> None:
    day, _ = _yesterday()
    switch = Asking(simulator.url)
    before = simulator.control.account("A-20419").money
    agent = simulator.control.account("R-100")
    flooded = simulator.control.flood("A-20419", day, 3000, seed=4)
    ask = {"accounts": ["A-20419"], "beginTime": day, "endTime": day}
    calls = switch.ask("GetCdr", **ask)["infoCdrs"]
    report = switch.ask("GetReportCustomerFee", period=1, **ask)["infoReportCustomerFees"][0]
    assert report["cdrCount"] == len(calls) >= flooded.calls == 3000
    assert report["totalFee"] == sum(call["fee"] for call in calls)
    assert report["totalTime"] == sum(call["feeTime"] for call in calls)
    assert len({call["flowNo"] for call in calls}) == len(calls)
    assert simulator.control.account("A-20419").money == before - flooded.fee
    after = simulator.control.account("R-100")
    assert after.money < agent.money
    assert after.explained == after.money


def test_a_fault_order_is_told_in_full(simulator: SimulatorProcess) -> None:
    simulator.control.add_fault("Pay", "late", rate=0.5, seconds=0.0)
    Asking(simulator.url).raw("Pay", json.dumps({}).encode())
    fault = simulator.control.faults()[0]
    assert (fault.operation, fault.kind, fault.seen) == ("Pay", "late", 1)


def test_a_card_that_is_added_pays_once_however_often_it_is_added(simulator: SimulatorProcess) -> None:
    switch, control = Asking(simulator.url), simulator.control
    before = control.account("C-301").money
    for _ in range(2):
        control.add_card("880001", "secret", Decimal("7.5"))
        switch.ask("PayByPhoneCard", ownerName="C-301", ownerType=2, pin="880001", password="secret")
    assert control.account("C-301").money == before + Decimal("7.5")
