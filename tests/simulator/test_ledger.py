"""The balance equation holds whatever happens."""

from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from simulator.contract import contract
from simulator.flood import Flood
from simulator.options import Options
from simulator.process import SimulatorProcess
from simulator.records import ChargeKind
from simulator.switch import Answer, Switch
from tests.simulator.asking import Asking

SECONDS = {"beginTime": "20200101000000", "endTime": "20991231235959"}
DAYS = {"beginTime": "20200101", "endTime": "20991231"}
ACCOUNTS = ("A-20417", "A-20418", "R-100", "R-210", "A-31001", "W-900", "C-301")

accounts = st.sampled_from(ACCOUNTS)
amounts = st.decimals(-1000, 1000, allow_nan=False, places=6)
fees = st.decimals(0, 50, allow_nan=False, places=6)


@cache
def _shared_switch() -> Switch:
    """One for all examples: a reset is much quicker than a new world."""
    return Switch(Options(seed=3))


class AnyHistory(RuleBasedStateMachine):
    """Payments, charges, late, edited and removed calls, deleted accounts and passing time, in any order."""

    @property
    def shared(self) -> Switch:
        return _shared_switch()

    @initialize()
    def begin(self) -> None:
        self.shared.reset()

    def ask(self, operation: str, **body: Any) -> Answer:
        return self.shared.perform(contract().operations[operation], body)

    @rule(account=accounts, money=amounts, memo=st.text())
    def pay(self, account: str, money: Decimal, memo: str) -> None:
        self.ask("Pay", ownerName=account, ownerType=2, money=money, memo=memo)

    @rule(account=accounts, pin=st.sampled_from(["90000001", "90000002", "90000901", "90000902"]))
    def pay_by_card(self, account: str, pin: str) -> None:
        self.ask("PayByPhoneCard", ownerName=account, ownerType=2, pin=pin)

    @rule(account=accounts, money=fees, kind=st.sampled_from(ChargeKind))
    def charge(self, account: str, money: Decimal, kind: ChargeKind) -> None:
        ledger = self.shared.state.ledger
        ledger.charge(ledger.accounts[account], money, kind=kind, at=self.shared.state.clock.now())

    @rule(account=accounts, seconds=st.integers(0, 4000))
    def late_record(self, account: str, seconds: int) -> None:
        self.ask("CreateCdr", account=account, calleeE164="8801712345678", billingTime=seconds, billingMode=0)

    @rule(place=st.integers(0, 15_000), fee=fees, agent_fee=fees)
    def edit(self, place: int, fee: Decimal, agent_fee: Decimal) -> None:
        ledger = self.shared.state.ledger
        ledger.edit(list(ledger.by_flow)[place], {"fee": fee, "agent_fee": agent_fee})

    @rule(place=st.integers(0, 15_000))
    def remove(self, place: int) -> None:
        ledger = self.shared.state.ledger
        ledger.remove(list(ledger.by_flow)[place])

    @rule(account=accounts, count=st.integers(1, 5000), seed=st.integers(0, 9))
    def flood(self, account: str, count: int, seed: int) -> None:
        ledger = self.shared.state.ledger
        agent = ledger.accounts[account].agent
        ledger.add_flood(Flood(account, "", agent, "", count, seed, 0, 86_400_000, ledger.next_flow))

    @rule(minutes=st.integers(1, 90))
    def time_passes(self, minutes: int) -> None:
        self.shared.state.clock.offset_ms += minutes * 60_000
        self.ask("GetAllCustomers", type=1)

    @rule()
    def disconnect(self) -> None:
        running = [flow % 2**31 for flow in self.shared.state.live.in_progress]
        if running:
            self.ask("DisconnectCurrentCall", callIds=running[:1])

    @rule(account=st.sampled_from(["A-20418", "W-900"]))
    def delete(self, account: str) -> None:
        self.ask("DeleteCustomer", account=account)

    @invariant()
    def every_balance_is_explained(self) -> None:
        ledger = self.shared.state.ledger
        for name, account in ledger.accounts.items():
            paid = sum((row.effect for row in ledger.pays[name]), Decimal(0))
            charged = sum((row.money for row in ledger.charges[name]), Decimal(0))
            used = ledger.call_fees(name) + ledger.agent_fees(name)
            assert account.money == account.opening + paid - charged - used


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)


def test_what_is_answered_adds_up_too(simulator: SimulatorProcess) -> None:
    """From the answers alone: rows of three operations explain each balance."""
    switch = Asking(simulator.url)
    switch.pay("A-20417", "-3.25", "taken back")
    switch.ask("PayByPhoneCard", ownerName="A-20417", ownerType=2, pin="90000003")
    for name in ("A-20417", "W-900", "A-31001"):
        pays = switch.ask("GetPayHistory", account=name, **SECONDS).get("infoPayHistorys", [])
        charges = switch.ask("GetConsumption", account=name, **SECONDS).get("infoConsumptions", [])
        calls = switch.ask("GetCdr", accounts=[name], **DAYS)["infoCdrs"]
        expected = simulator.control.account(name).opening
        expected += sum(row["fee"] for row in pays) - sum(row["money"] for row in charges)
        expected -= sum(call["fee"] for call in calls)
        assert switch.money(name) == expected


def test_an_agents_balance_includes_the_calls_of_its_children(simulator: SimulatorProcess) -> None:
    switch = Asking(simulator.url)
    children = switch.ask("GetCustomer", filterAgentAccount={"filterAgentAccount": "R-100", "querySonMode": 1})
    names = [child["account"] for child in children["infoCustomers"]]
    calls = switch.ask("GetCdr", accounts=names, **DAYS)["infoCdrs"]
    pays = switch.ask("GetPayHistory", account="R-100", **SECONDS)["infoPayHistorys"]
    agent = simulator.control.account("R-100")
    assert agent.money == agent.opening + sum(row["fee"] for row in pays) - sum(call["agentFee"] for call in calls)


def test_every_row_states_the_balance_after_it(simulator: SimulatorProcess) -> None:
    """Between two rows of a phone without calls only the second row's amount changed the balance."""
    switch = Asking(simulator.url)
    for money in ("5", "-1.000001", "0", "0.0001"):
        before = switch.money("C-301")
        answer = switch.pay("C-301", money)["infoPay"]
        row = switch.ask("GetPayHistory", account="C-301", **SECONDS)["infoPayHistorys"][-1]
        assert row["customerMoney"] == answer["money"] == before + Decimal(money) == switch.money("C-301")
        assert row["fee"] == answer["payMoney"] == Decimal(money)
        assert row["type"] == (1 if money.startswith("-") else 0)


def test_the_daily_report_agrees_with_the_days_records(simulator: SimulatorProcess) -> None:
    switch = Asking(simulator.url)
    reports = switch.ask("GetReportCustomerFee", accounts=["A-20417", "C-301"], period=1, **DAYS)
    for row in reports["infoReportCustomerFees"][-6:]:
        calls = switch.ask("GetCdr", accounts=[row["account"]], **DAYS)["infoCdrs"]
        day = [call for call in calls if row["beginTime"] <= call["start"] < row["endTime"]]
        assert row["cdrCount"] == len(day)
        assert row["totalFee"] == sum(call["fee"] for call in day)
        assert row["totalTime"] == sum(call["feeTime"] for call in day)
        levels = ("net", "local", "domestic", "international")
        assert row["totalFee"] == sum(row[f"{level}Fee"] for level in levels)
        assert row["cdrCount"] == sum(row[f"{level}Count"] for level in levels)


def test_the_monthly_report_is_the_sum_of_its_days(switch: Asking) -> None:
    ask = {"accounts": ["W-900"], **DAYS}
    days = switch.ask("GetReportCustomerFee", period=1, **ask)["infoReportCustomerFees"]
    months = switch.ask("GetReportCustomerFee", period=-2, **ask)["infoReportCustomerFees"]
    assert 2 <= len(months) <= 4
    for key in ("cdrCount", "totalFee", "totalTime"):
        assert sum(row[key] for row in days) == sum(row[key] for row in months)


def test_reports_per_phone_and_per_destination_give_the_same_total(switch: Asking) -> None:
    whole = switch.ask("GetReportCustomerFee", accounts=["A-20417"], period=-2, **DAYS)["infoReportCustomerFees"]
    phones = switch.ask("GetReportPhoneFee", account="A-20417", period=-2, **DAYS)["infoReportPhoneFees"]
    places = switch.ask("GetReportCustomerLocationFee", account="A-20417", period=-2, **DAYS)
    total = sum(row["totalFee"] for row in whole)
    assert total == sum(row["totalFee"] for row in phones)
    assert total == sum(row["totalFee"] for row in places["infoReportCustomerLocationFees"])


@pytest.mark.parametrize(
    ("owner_type", "name", "account"),
    [
        (2, "C-301", "C-301"),
        (6, "442079460101", "A-20417"),
        (11, "770001", "A-20417"),
        (25, "447700900123", "A-20417"),
        (44, "gw-baltic", "W-900"),
    ],
)
def test_every_kind_of_owner_can_be_paid(switch: Asking, owner_type: int, name: str, account: str) -> None:
    before = switch.money(account)
    answer = switch.ask("Pay", ownerName=name, ownerType=owner_type, money=2)
    assert answer["infoPay"]["account"] == account
    assert switch.money(account) == before + 2


def test_paying_what_does_not_exist_is_refused(switch: Asking) -> None:
    assert switch.pay("nobody", "1") == {"retCode": -10007, "exception": "Not found, operation failed."}


def test_a_card_pays_once(switch: Asking) -> None:
    before = switch.money("C-303")
    card = {"ownerName": "C-303", "ownerType": 2, "pin": "90000006", "password": "4106", "memo": "mine"}
    assert switch.ask("PayByPhoneCard", **card)["infoPay"]["payMoney"] == 50
    assert switch.ask("PayByPhoneCard", **card)["retCode"] not in {0, -10007}
    assert switch.money("C-303") == before + 50
    spent = switch.ask("GetPhoneCard", pin="90000006")["infoPhoneCard"]
    assert spent["usedAccount"] == "C-303"
    row = switch.ask("GetPayHistory", account="C-303", **SECONDS)["infoPayHistorys"][-1]
    assert (row["type"], row["payType"], row["memo"]) == (0, 2, "mine")


@pytest.mark.parametrize("card", [{"pin": "90000902"}, {"pin": "1"}, {"pin": "90000001", "password": "wrong"}])
def test_an_expired_unknown_or_wrongly_opened_card_pays_nothing(switch: Asking, card: dict[str, str]) -> None:
    before = switch.money("C-303")
    assert switch.ask("PayByPhoneCard", ownerName="C-303", ownerType=2, **card)["retCode"] != 0
    assert switch.money("C-303") == before


def test_a_made_account_opens_with_its_money_and_is_zeroed_when_deleted(switch: Asking) -> None:
    switch.ask("CreateCustomer", account="N-1", name="New", money="12.5", agentAccount="R-100")
    switch.ask("ModifyCustomer", account="N-1", name="Renamed", lockType=1)
    customer = switch.ask("GetCustomer", accounts=["N-1"])["infoCustomers"][0]
    assert (customer["name"], customer["lockType"], customer["agentAccount"]) == ("Renamed", 1, "R-100")
    assert switch.ask("DeleteCustomer", account="N-1")["retCode"] == 0
    assert switch.pay("N-1", "1")["retCode"] == -10007
    assert "N-1" not in switch.ask("GetAllCustomers", type=0)["accounts"]
