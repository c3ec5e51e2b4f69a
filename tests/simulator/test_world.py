"""What others may rely on in the sample world."""

import os
from collections import Counter
from decimal import Decimal
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from simulator.clock import Clock
from simulator.contract import contract
from simulator.options import Options
from simulator.process import SimulatorProcess
from simulator.switch import Switch
from simulator.world import build
from tests.simulator.asking import Asking

NEVER = 9223372036854775807
ALL_DAYS = {"beginTime": "20200101", "endTime": "20991231"}


def _children(switch: Asking, agent: str, mode: int) -> set[str]:
    chosen = {"filterAgentAccount": agent, "querySonMode": mode}
    return {row["account"] for row in switch.ask("GetCustomer", filterAgentAccount=chosen)["infoCustomers"]}


def _customer(switch: Asking, account: str) -> dict[str, Any]:
    customer = switch.ask("GetCustomer", accounts=[account])["infoCustomers"][0]
    assert isinstance(customer, dict)
    return customer


def test_the_accounts_that_others_name_are_there(switch: Asking) -> None:
    zoe, agent = _customer(switch, "A-20417"), _customer(switch, "R-100")
    assert (zoe["name"], zoe["agentAccount"], zoe["category"]) == ("Zoë Chen", "R-100", 0)
    assert (agent["name"], agent["category"]) == ("Meridian Telecom", 1)
    assert _customer(switch, "W-900")["agentAccount"] == ""
    assert _customer(switch, "C-301")["agentAccount"] == ""


def test_direct_children_and_all_descendants_differ(switch: Asking) -> None:
    assert len(_children(switch, "R-100", 1)) >= 3
    assert _children(switch, "R-200", 1) == {"R-210", "A-30101"}
    assert _children(switch, "R-200", 0) == {"R-210", "A-30101", "A-31001"}


def test_the_world_has_its_odd_accounts(switch: Asking) -> None:
    customers = switch.ask("GetCustomer")["infoCustomers"]
    assert any(row["money"] < 0 for row in customers)
    assert sum(row["lockType"] == 1 for row in customers) == 1
    assert {NEVER, 0} < {row["validTime"] for row in customers}
    assert any(not row["name"].isascii() for row in customers)


def test_a_customer_is_found_by_a_phone(switch: Asking) -> None:
    found = switch.ask("GetCustomer", e164s=["442079460101"])["infoCustomers"]
    assert [row["account"] for row in found] == ["A-20417"]


def test_the_wholesale_account_is_busy_and_many_calls_fail(switch: Asking) -> None:
    calls = switch.ask("GetCdr", accounts=["W-900"], **ALL_DAYS)["infoCdrs"]
    assert len(calls) > 60 * 150
    failed = sum(call["holdTime"] == 0 for call in calls)
    assert 0.2 < failed / len(calls) < 0.6
    assert all(call["fee"] == 0 for call in calls if call["holdTime"] == 0)


def test_people_call_by_day_and_hardly_by_night(switch: Asking) -> None:
    calls = switch.ask("GetCdr", accounts=["C-301"], **ALL_DAYS)["infoCdrs"]
    hours = Counter(call["start"] // 3_600_000 % 24 for call in calls)
    assert sum(hours[hour] for hour in range(6, 20)) > 0.95 * len(calls)


def test_calls_under_a_package_cost_the_package(switch: Asking) -> None:
    calls = switch.ask("GetCdr", accounts=["A-20417"], **ALL_DAYS)["infoCdrs"]
    taken = [call for call in calls if call["suiteFeeTime"]]
    assert taken
    assert all(call["fee"] == 0 and call["feeTime"] == 0 for call in taken)


def test_rates_overlap_and_some_have_first_intervals(switch: Asking) -> None:
    rates = switch.ask("GetFeeRate", feeRateGroup="Retail")["infoFeeRates"]
    prefixes = {rate["feePrefix"] for rate in rates}
    assert {"44", "4420", "447", "86", "8613"} <= prefixes
    assert any(rate["infoFeeRateSections"] for rate in rates)
    chosen = switch.ask("GetFeeRate", feeRateGroup="Retail", areaCodes=["447"])["infoFeeRates"]
    assert [rate["feePrefix"] for rate in chosen] == ["447"]


def test_a_calls_fee_follows_from_the_longest_matching_rate(switch: Asking) -> None:
    rates = {rate["feePrefix"]: rate for rate in switch.ask("GetFeeRate", feeRateGroup="Wholesale")["infoFeeRates"]}
    for call in switch.ask("GetCdr", accounts=["W-900"], **ALL_DAYS)["infoCdrs"][:300]:
        longest = max((prefix for prefix in rates if call["calleeE164"].startswith(prefix)), key=len)
        assert call["feePrefix"] == longest
        assert (call["fee"], call["feeTime"]) == _price(rates[longest], call["holdTime"])


def _price(rate: dict[str, Any], seconds: int) -> tuple[Decimal, int]:
    fee, billed = Decimal(0), 0
    for section in sorted(rate["infoFeeRateSections"], key=lambda section: section["position"]):
        if billed < seconds:
            fee, billed = fee + section["fee"], billed + section["time"]
    while billed < seconds:
        fee, billed = fee + rate["fee"], billed + rate["period"]
    return fee, billed


@pytest.mark.parametrize(
    ("account", "callee", "negative"),
    [("A-20417", "8801712345678", False), ("C-302", "4420", True), ("A-20417", "8811", True), ("C-304", "99", True)],
)
def test_available_time_is_seconds_or_a_reason(switch: Asking, account: str, callee: str, negative: bool) -> None:
    answer = switch.ask("GetAvailableTime", billingName=account, billingMode=0, calleeE164=callee)
    assert (answer["InfoAvailableTime"]["timeRemain"] < 0) is negative


def test_a_phones_settings_change_without_losing_others(switch: Asking) -> None:
    number = "442079460101"
    switch.ask("ModifyPhone", e164=number, lockType=3, infoPhoneValueAdded={"doNotDisturb": True})
    phone = switch.ask("GetPhone", e164s=[number])["infoPhones"][0]
    assert phone["lockType"] == 3
    assert phone["infoPhoneValueAdded"]["doNotDisturb"] is True
    assert phone["infoPhoneValueAdded"]["voiceMail"] is True
    assert phone["password"].startswith("sip-")


def test_only_registered_phones_are_online(switch: Asking) -> None:
    numbers = [row["e164"] for row in switch.ask("GetPhone", accounts=["C-301"])["infoPhones"]]
    online = {row["e164"] for row in switch.ask("GetPhoneOnline", e164s=numbers)["infoPhoneOnlines"]}
    assert online < set(numbers)


def test_the_phone_book_is_written_and_read(switch: Asking) -> None:
    entry = {"account": "C-301", "e164": "441614960000", "shortE164s": ["12"], "name": "Accountant"}
    assert switch.ask("CreateCustomerPhoneBook", **entry)["retCode"] == 0
    assert switch.ask("CreateCustomerPhoneBook", **entry)["retCode"] != 0
    switch.ask("ModifyCustomerPhoneBook", account="C-301", e164="441614960000", newE164="441614960001")
    found = switch.ask("GetCustomerPhoneBook", account="C-301", e164="441614960001")["infoCustomerPhoneBooks"]
    assert [(row["name"], row["shortE164s"]) for row in found] == [("Accountant", ["12"])]
    switch.ask("DeleteCustomerPhoneBook", account="C-301", e164s=["441614960001"])
    assert "infoCustomerPhoneBooks" not in switch.ask("GetCustomerPhoneBook", account="C-301", e164="441614960001")


def test_packages_show_what_is_left(switch: Asking) -> None:
    order = switch.ask("CreateSuiteOrder", ownerName="C-303", ownerType=2, suiteId=1, availableTime=0)
    current = switch.ask("GetCurrentSuite", ownerName="C-303", ownerType=2)["infoCurrentSuites"]
    assert [row["suiteOrderId"] for row in current] == [order["id"]]
    assert current[0]["infoGiftTimes"][0]["giftTime"] == 18_000
    assert switch.ask("DeleteSuiteOrder", id=order["id"])["retCode"] == 0


class StoppedClock(Clock):
    def now(self) -> int:
        return 1_795_000_000_000


def test_the_same_seed_and_instant_give_the_same_world() -> None:
    clock = StoppedClock(ZoneInfo("UTC"))
    assert build(5, clock).ledger == build(5, clock).ledger


@pytest.mark.parametrize(
    ("zone", "instant"),
    [
        ("UTC", 1772323230),
        ("Europe/London", 1792891800),
        ("America/New_York", 1772955000),
        ("Asia/Shanghai", 1798819140),
    ],
)
def test_every_row_of_the_past_states_the_balance_of_its_moment(zone: str, instant: int) -> None:
    """Also on days of 23 and 25 hours, and in the first minutes of a year."""
    clock = Clock(ZoneInfo(zone))
    clock.offset_ms = instant * 1000 - clock.now()
    ledger = build(6, clock).ledger
    for name, account in ledger.accounts.items():
        events = [(call.stop, -call.fee, None) for call in ledger.calls[name]]
        events += [(call.stop, -call.agent_fee, None) for call in ledger.by_flow.values() if call.agent_account == name]
        rows = [(row.at, row.effect, row.money_after) for row in ledger.pays[name]]
        rows += [(row.at, -row.money, row.money_after) for row in ledger.charges[name]]
        money = account.opening
        for _, effect, after in sorted([*events, *rows], key=itemgetter(0)):
            money += effect
            assert after in {None, money}
        assert money == account.money


def test_new_calls_begin_end_and_are_billed_while_time_passes() -> None:
    switch = Switch(Options(seed=2))
    ledger, before = switch.state.ledger, len(switch.state.ledger.by_flow)
    switch.state.clock.offset_ms += 30 * 60_000
    switch.perform(contract().operations["GetSuite"], {})
    assert 200 < len(ledger.by_flow) - before < 900
    assert all(call.stop <= switch.state.clock.now() for call in list(ledger.by_flow.values())[before:])
    assert switch.state.live.in_progress


def test_the_days_that_pass_bring_their_rents_and_top_ups() -> None:
    switch = Switch(Options(seed=2))
    ledger = switch.state.ledger
    charges, pays = len(ledger.charges["A-20417"]), len(ledger.pays["C-301"])
    ledger.accounts["C-301"].money = Decimal(1)
    for _ in range(3 * 24):
        switch.state.clock.offset_ms += 3_600_000
        switch.perform(contract().operations["GetSuite"], {})
    assert 3 <= len(ledger.charges["A-20417"]) - charges <= 6
    assert len(ledger.pays["C-301"]) > pays


def test_a_quiet_world_makes_none() -> None:
    switch = Switch(Options(seed=2, quiet=True))
    before = len(switch.state.ledger.by_flow)
    switch.state.clock.offset_ms += 3 * 3_600_000
    switch.perform(contract().operations["GetSuite"], {})
    assert len(switch.state.ledger.by_flow) == before


def test_a_call_in_progress_can_be_ended(switch: Asking) -> None:
    calls = switch.ask("GetCurrentCall")["infoCurrentCalls"]
    assert len(calls) == 2
    assert switch.ask("DisconnectCurrentCall", callIds=[calls[0]["callId"]])["retCode"] == 0
    assert len(switch.ask("GetCurrentCall")["infoCurrentCalls"]) == 1


def test_it_ends_at_once_and_well_when_told_to() -> None:
    process = SimulatorProcess("--quiet-world")
    process.start()
    pid = process.pid
    assert process.stop() == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
