"""One bad row, or one account without a usable answer, among 120: the others are served in the same round."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from accounts.models import Account, Switch
from billing.balances.models import Charge, Payment, Stream, SyncMark
from billing.calls.models import CallDay, DayState
from billing.calls.services.fetching import fetch_days
from billing.lib.days import DAY
from billing.switches.models import AnswerFault, SwitchFailure, UnusableAnswer
from billing.sync.services import rounds
from simulator.control_orders import CallOrder, ChargeOrder, Event, PayOrder
from simulator.process import SimulatorProcess
from tests.support.crowds import followed_accounts

NOW = datetime.now(UTC).replace(hour=12)
BEFORE = NOW - DAY
YESTERDAY = BEFORE.date()
NUMBERS = [f"N-{number:03}" for number in range(120)]
BAD = "N-077"
OTHERS = set(NUMBERS) - {BAD}
FEW = NUMBERS[74:80]
HUGE = "1" + "0" * 400
ANSWERLESS = ("cut_body", "drop_after", "empty_after", "unlisted_code")


@pytest.fixture
def crowd(switch: Switch, simulator: SimulatorProcess) -> list[Account]:
    return followed_accounts(switch, simulator, NUMBERS, read_at=BEFORE)


@pytest.fixture
def few(switch: Switch, simulator: SimulatorProcess) -> list[Account]:
    return followed_accounts(switch, simulator, FEW, read_at=BEFORE)


def named() -> dict[tuple[str, str], str]:
    """Which account is left out of which operation, and why."""
    return {(row.operation, row.number): row.why.reason.value for row in UnusableAnswer.objects.all()}


def numbers(rows: Any) -> set[str]:
    return set(Account.objects.filter(pk__in=rows).values_list("number", flat=True)) & set(NUMBERS)


def asked_for(simulator: SimulatorProcess, operation: str) -> list[Sequence[str]]:
    return [(request.body or {})["accounts"] for request in simulator.control.received(operation)]


PROFILES = [
    ("startTime", "-1", AnswerFault.NOT_AN_INSTANT),
    ("startTime", HUGE, AnswerFault.NOT_AN_INSTANT),
    ("money", '"NaN"', AnswerFault.NOT_AN_AMOUNT),
    ("money", "1e300", AnswerFault.IMPOSSIBLE),
    ("limitMoney", None, AnswerFault.NOT_STATED),
    ("limitMoney", "null", AnswerFault.NOT_STATED),
    ("name", '"caf\xe9"', AnswerFault.NOT_UTF8),
    ("name", "[]", AnswerFault.NOT_OF_ITS_KIND),
    ("lockType", '"x"', AnswerFault.NOT_OF_ITS_KIND),
    ("account", "null", AnswerFault.NOT_STATED),
    ("account", '"caf\xe9"', AnswerFault.NOT_UTF8),
    (None, "7", AnswerFault.NOT_A_ROW),
]


@pytest.mark.parametrize(("field", "value", "why"), PROFILES)
def test_one_bad_profile_keeps_no_other_from_being_read(
    switch: Switch, simulator: SimulatorProcess, crowd: list[Account], field: str, value: str, why: AnswerFault
) -> None:
    simulator.control.add_fault("GetCustomer", "odd_row", row=BAD, field=field, value=value)
    rounds.refresh_profiles(switch=switch, now=NOW)
    assert numbers(Account.objects.filter(profile_at=NOW)) == OTHERS
    assert Account.objects.get(number="N-003").name == "N-003 Ltd"
    assert named() == {("GetCustomer", BAD): why}
    assert Account.objects.get(number=BAD).missing_since is None


BALANCES = [row for row in PROFILES if row[0] in ("money", "limitMoney", "account", None)]


@pytest.mark.parametrize(("field", "value", "why"), BALANCES)
def test_one_bad_balance_keeps_no_other_from_being_read(
    switch: Switch, simulator: SimulatorProcess, crowd: list[Account], field: str, value: str, why: AnswerFault
) -> None:
    simulator.control.add_fault("GetAllCustomers", "odd_row", row=BAD, field=field, value=value)
    rounds.refresh_balances(switch=switch, now=NOW)
    # A row that does not say whose it is has the account asked for by itself.
    served = set(NUMBERS) if field in ("account", None) else OTHERS
    assert numbers(Account.objects.filter(balance_at=NOW)) == served
    assert named() == {("GetAllCustomers", BAD): why}
    assert not Account.objects.filter(number__in=NUMBERS, missing_since__isnull=False).exists()
    simulator.control.clear_faults()
    rounds.refresh_balances(switch=switch, now=NOW + timedelta(minutes=1))
    assert numbers(Account.objects.filter(balance_at=NOW + timedelta(minutes=1))) == set(NUMBERS)
    assert named() == {}


@pytest.mark.parametrize("fault", ANSWERLESS)
def test_one_account_without_a_usable_answer_keeps_no_profile_from_being_read(
    switch: Switch, simulator: SimulatorProcess, crowd: list[Account], fault: str
) -> None:
    simulator.control.add_fault("GetCustomer", fault, account=BAD)
    rounds.refresh_profiles(switch=switch, now=NOW)
    assert numbers(Account.objects.filter(profile_at=NOW)) == OTHERS
    assert [number for _, number in named()] == [BAD]
    assert len(asked_for(simulator, "GetCustomer")) <= 24, "it is found by halving"


def test_what_cannot_be_used_is_tried_again_ever_more_rarely_and_alone(
    switch: Switch, simulator: SimulatorProcess, few: list[Account]
) -> None:
    simulator.control.add_fault("GetCustomer", "cut_body", account=BAD)
    tried = []
    for minutes in range(20):
        simulator.control.reset_stats()
        rounds.refresh_profiles(switch=switch, now=NOW + timedelta(minutes=minutes))
        requests = asked_for(simulator, "GetCustomer")
        if minutes and any(BAD in request for request in requests):
            assert [BAD] in requests
            tried.append(minutes)
    assert tried == [1, 3, 7, 15]
    assert UnusableAnswer.objects.get().since == NOW
    simulator.control.clear_faults()
    later = NOW + timedelta(minutes=31)
    rounds.refresh_profiles(switch=switch, now=later)
    assert numbers(Account.objects.filter(profile_at=later)) == set(FEW)
    assert named() == {}


def pays_and_charges(simulator: SimulatorProcess) -> None:
    """Each account has one payment and one charge, the bad one 121 of each."""
    at = int((NOW - timedelta(minutes=20)).timestamp() * 1000)
    owners = [*FEW, *[BAD] * len(NUMBERS)]
    pays = [PayOrder(number, Decimal(3), memo=f"{place}", at=at + place) for place, number in enumerate(owners)]
    charges = [ChargeOrder(number, Decimal(1), at=at + 1000 + place) for place, number in enumerate(owners)]
    simulator.control.history([*(Event(pay=pay) for pay in pays), *(Event(charge=charge) for charge in charges)])


def read_until(at: datetime) -> None:
    SyncMark.objects.bulk_create(
        SyncMark(account=row, stream=stream, complete_from=at - DAY, complete_until=at)
        for row in Account.objects.filter(number__in=FEW)
        for stream in Stream
    )


@pytest.mark.parametrize(
    ("operation", "stream", "field", "value", "why"),
    [
        ("GetPayHistory", Stream.PAYMENTS, "payTime", "-1", AnswerFault.NOT_AN_INSTANT),
        ("GetPayHistory", Stream.PAYMENTS, "fee", '"NaN"', AnswerFault.NOT_AN_AMOUNT),
        ("GetPayHistory", Stream.PAYMENTS, "fee", "1e300", AnswerFault.IMPOSSIBLE),
        ("GetPayHistory", Stream.PAYMENTS, "customerMoney", "null", AnswerFault.NOT_STATED),
        ("GetPayHistory", Stream.PAYMENTS, "type", HUGE, AnswerFault.NOT_OF_ITS_KIND),
        ("GetPayHistory", Stream.PAYMENTS, "memo", '"caf\xe9"', AnswerFault.NOT_UTF8),
        ("GetPayHistory", Stream.PAYMENTS, "account", None, AnswerFault.NOT_STATED),
        ("GetConsumption", Stream.CHARGES, "time", '"x"', AnswerFault.NOT_AN_INSTANT),
        ("GetConsumption", Stream.CHARGES, "money", "{}", AnswerFault.NOT_AN_AMOUNT),
        ("GetConsumption", Stream.CHARGES, None, "null", AnswerFault.NOT_A_ROW),
    ],
)
def test_one_bad_payment_or_charge_keeps_no_other_from_being_mirrored(
    switch: Switch,
    simulator: SimulatorProcess,
    few: list[Account],
    operation: str,
    stream: Stream,
    field: str,
    value: str,
    why: AnswerFault,
) -> None:
    pays_and_charges(simulator)
    read_until(NOW - timedelta(hours=1))
    simulator.control.add_fault(operation, "odd_row", row=BAD, field=field, value=value)
    rounds.mirror_followed(switch=switch, now=NOW)
    rows = Payment if stream == Stream.PAYMENTS else Charge
    assert rows._default_manager.filter(account__number=BAD).count() == len(NUMBERS), "its 120 other rows are here"
    assert numbers(rows._default_manager.values("account")) == set(FEW)
    assert named() == {(operation, BAD): why}
    # All is known up to the bad row alone, so nothing behind it is taken to be complete.
    until = SyncMark.objects.filter(account__number=BAD).values_list("stream", "complete_until")
    assert dict(until)[stream] == NOW - timedelta(hours=1)
    assert numbers(SyncMark.objects.filter(complete_until=NOW, stream=stream).values("account")) == set(FEW) - {BAD}


def test_payments_behind_a_bad_one_still_come_in_and_the_mark_moves_once_it_can_be_read(
    switch: Switch, simulator: SimulatorProcess, few: list[Account]
) -> None:
    pays_and_charges(simulator)
    read_until(NOW - timedelta(hours=1))
    simulator.control.add_fault("GetPayHistory", "odd_row", row=BAD, field="fee", value='"x"')
    for minutes in (0, 5):
        rounds.mirror_followed(switch=switch, now=NOW + timedelta(minutes=minutes))
    half = NOW + timedelta(hours=5)
    simulator.control.pay(BAD, Decimal(9), memo="new", at=int(half.timestamp() * 1000))
    UnusableAnswer.objects.update(next_try_at=half + timedelta(hours=1))
    rounds.mirror_followed(switch=switch, now=half)
    assert Payment.objects.filter(account__number=BAD, memo="new").exists()
    mark = SyncMark.objects.get(account__number=BAD, stream=Stream.PAYMENTS)
    assert mark.complete_until == NOW - timedelta(hours=1)
    simulator.control.clear_faults()
    rounds.mirror_followed(switch=switch, now=half + timedelta(hours=1))
    mark.refresh_from_db()
    assert mark.complete_until == half + timedelta(hours=1)
    assert Payment.objects.filter(account__number=BAD).count() == len(NUMBERS) + 2
    assert named() == {}


def a_fetched_day(simulator: SimulatorProcess, crowd: list[Account]) -> None:
    at = int(BEFORE.timestamp() * 1000)
    calls = [CallOrder(number, "8613900000000", start=at, fee=Decimal("0.25")) for number in NUMBERS]
    simulator.control.history([Event(call=call) for call in calls])
    fetch_days(accounts=crowd, first=YESTERDAY, last=YESTERDAY, now=NOW - timedelta(hours=1))


def proven() -> set[str]:
    return numbers(CallDay.objects.filter(state=DayState.PROVEN, day=YESTERDAY).values("account"))


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("beginTime", "-1", AnswerFault.NOT_AN_INSTANT),
        ("totalFee", '"NaN"', AnswerFault.NOT_AN_AMOUNT),
        ("cdrCount", "1.5", AnswerFault.NOT_OF_ITS_KIND),
        ("cdrCount", None, AnswerFault.NOT_STATED),
        ("totalFee", "null", AnswerFault.NOT_STATED),
        ("accountName", '"caf\xe9"', AnswerFault.NOT_UTF8),
        ("account", "null", AnswerFault.NOT_STATED),
        ("totalTime", '"x"', AnswerFault.NOT_OF_ITS_KIND),
        (None, "[]", AnswerFault.NOT_A_ROW),
    ],
)
def test_one_bad_row_of_the_report_keeps_no_other_day_from_being_proven(
    switch: Switch, simulator: SimulatorProcess, crowd: list[Account], field: str, value: str, why: AnswerFault
) -> None:
    a_fetched_day(simulator, crowd)
    simulator.control.add_fault("GetReportCustomerFee", "odd_row", row=BAD, field=field, value=value)
    rounds.prove(switch=switch, now=NOW)
    assert proven() == OTHERS
    assert named() == {("GetReportCustomerFee", BAD): why}
    day = CallDay.objects.get(account__number=BAD, day=YESTERDAY)
    assert day.state == DayState.FETCHED, "it does not differ, for nothing is known of it"
    assert day.unusable_report is not None
    assert day.next_try_at is not None
    simulator.control.clear_faults()
    rounds.prove(switch=switch, now=NOW + timedelta(hours=1))
    assert proven() == set(NUMBERS)
    assert named() == {}


@pytest.mark.parametrize("fault", ANSWERLESS)
def test_one_account_whose_report_cannot_be_had_keeps_no_other_from_being_proven(
    switch: Switch, simulator: SimulatorProcess, crowd: list[Account], fault: str
) -> None:
    a_fetched_day(simulator, crowd)
    simulator.control.add_fault("GetReportCustomerFee", fault, account=BAD)
    rounds.prove(switch=switch, now=NOW)
    assert proven() == OTHERS
    assert [number for _, number in named()] == [BAD]
    assert len(asked_for(simulator, "GetReportCustomerFee")) <= 24, "it is found by halving"
    simulator.control.reset_stats()
    rounds.prove(switch=switch, now=NOW + timedelta(minutes=20))
    assert asked_for(simulator, "GetReportCustomerFee") == [[BAD]]


def test_a_proof_stands_while_the_report_of_its_account_cannot_be_had(
    switch: Switch, simulator: SimulatorProcess, crowd: list[Account]
) -> None:
    a_fetched_day(simulator, crowd)
    rounds.prove(switch=switch, now=NOW)
    assert proven() == set(NUMBERS)
    simulator.control.add_fault("GetReportCustomerFee", "cut_body", account=BAD)
    with time_machine.travel(NOW + DAY, tick=False):
        rounds.prove(switch=switch, now=NOW + DAY)
    assert proven() == set(NUMBERS)
    assert named() == {("GetReportCustomerFee", BAD): SwitchFailure.UNREADABLE}
