from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import ProgrammingError, transaction

from accounts.models import Account, Switch
from billing.balances.models import Case, Cause
from billing.balances.services import causes, profiles
from billing.balances.services import payments as balance_payments
from billing.balances.services.reconciliation import reconcile
from billing.calls.models import Call, CallChange, ChangeOfRecord
from billing.calls.services import replacing as call_replacing
from billing.calls.services import staging as call_staging
from billing.calls.services.fetching import fetch_days
from billing.templatetags.figures import signed_money
from billing.vos3000.operations.calls import Cdr
from simulator.process import SimulatorProcess
from tests.support.factories import AccountFactory
from tests.support.logins import logged_in
from tests.support.pages import read
from tests.support.staffsite import page_of, staff

ZOE = "A-20417"
DAYS = 6


@pytest.fixture
def account(switch: Switch) -> Account:
    return look(switch)[0]


def look(switch: Switch) -> tuple[Account, list[Case]]:
    """Read everything again, and reconcile it."""
    now = datetime.now(UTC)
    profiles.refresh(switch=switch, numbers=[ZOE], now=now)
    account = Account.objects.select_related("switch").get(switch=switch, number=ZOE)
    fetch_days(accounts=[account], first=now.date() - timedelta(days=DAYS), last=now.date(), now=now)
    balance_payments.mirror(account=account, now=datetime.now(UTC))
    found = reconcile(account=account, first=now.date() - timedelta(days=DAYS), last=now.date(), now=datetime.now(UTC))
    return account, found.cases


def a_call(account: Account) -> Call:
    ended = datetime.now(UTC) - timedelta(days=2)
    return Call.objects.filter(account=account, fee__gt=Decimal("0.01"), ended_at__lt=ended).latest("ended_at")


def what_support_reads(case: Case) -> str:
    return read(logged_in(staff("support")).get(page_of(case))).words


def a_gone_record(call: Call) -> str:
    amount = signed_money(-call.fee, call.account.switch.currency)
    return f"{call.flow_no} {ChangeOfRecord.GONE.label}, {amount}"


def test_a_record_that_became_cheaper_after_it_was_read_is_called_edited(
    account: Account, simulator: SimulatorProcess
) -> None:
    call = a_call(account)
    simulator.control.edit_call(call.flow_no, fee=call.fee - Decimal("0.003"), silent=True)
    _, (case,) = look(account.switch)
    assert (case.difference, case.cause) == (Decimal("-0.003"), Cause.RECORD_EDITED)


def test_a_record_that_was_read_and_is_gone_is_called_missing(account: Account, simulator: SimulatorProcess) -> None:
    call = a_call(account)
    simulator.control.remove_call(call.flow_no, silent=True)
    _, (case,) = look(account.switch)
    assert (case.difference, case.cause) == (-call.fee, Cause.RECORD_MISSING)


def test_an_edit_that_is_taken_back_leaves_no_trace_in_the_sums(account: Account, simulator: SimulatorProcess) -> None:
    call = a_call(account)
    for fee in (call.fee + 1, call.fee):
        simulator.control.edit_call(call.flow_no, fee=fee, silent=True)
        look(account.switch)
    assert sum(change.fee for change in CallChange.objects.filter(flow_no=call.flow_no)) == 0
    assert not Case.objects.filter(closed_at=None).exists()


def test_reading_the_same_records_again_notes_no_change(account: Account) -> None:
    look(account.switch)
    assert not CallChange.objects.exists()


def test_a_balance_set_to_a_whole_amount_is_seen_through_the_calls_after_it(
    switch: Switch, simulator: SimulatorProcess
) -> None:
    simulator.control.set_money(ZOE, Decimal(75))
    start = int((datetime.now(UTC) - timedelta(seconds=61)).timestamp() * 1000)
    for number in range(3):
        simulator.control.add_call(ZOE, "8613900000000", start=start + number, fee=Decimal("0.0159"))
    simulator.control.pay(ZOE, Decimal("33.37"))
    _, (case,) = look(switch)
    assert case.cause == Cause.BALANCE_SET


def test_staff_see_in_a_case_which_records_changed(account: Account, simulator: SimulatorProcess) -> None:
    call = a_call(account)
    simulator.control.remove_call(call.flow_no, silent=True)
    _, (case,) = look(account.switch)
    assert a_gone_record(call) in what_support_reads(case)


def test_a_record_that_moves_to_another_account_is_gone_from_the_one_that_had_it(
    account: Account, simulator: SimulatorProcess
) -> None:
    call = a_call(account)
    simulator.control.remove_call(call.flow_no, silent=True)
    other = AccountFactory.create(switch=account.switch, number="C-301")
    stage = call_staging.Stage(call.day, {"C-301": other.pk})
    start, stop = (int(at.timestamp() * 1000) for at in (call.started_at, call.ended_at))
    stage.add(Cdr(flow_no=call.flow_no, account="C-301", start=start, stop=stop, fee=call.fee))
    call_replacing.replace_day(switch=account.switch, stage=stage, now=datetime.now(UTC))
    _, (case,) = look(account.switch)
    change = CallChange.objects.get(account=account)
    assert (change.kind, change.flow_no, change.fee) == (ChangeOfRecord.GONE, call.flow_no, -call.fee)
    assert (case.account, case.difference, case.cause) == (account, -call.fee, Cause.RECORD_MISSING)
    assert a_gone_record(call) in what_support_reads(case)


@pytest.fixture
def changes(account: Account) -> list[CallChange]:
    """Two records that changed, noticed yesterday and a season ago."""
    now, what = datetime.now(UTC), {"flow_no": 7, "fee": -1, "agent_fee": 0, "kind": ChangeOfRecord.GONE}
    return [
        CallChange.objects.create(account=account, ended_at=now, noticed_at=now - timedelta(days=days), **what)
        for days in (1, 91)
    ]


def test_changes_are_forgotten_after_a_season(changes: list[CallChange]) -> None:
    assert causes.prune(now=datetime.now(UTC)) == 1
    assert CallChange.objects.get() == changes[0]


def test_what_was_noticed_can_neither_be_changed_nor_forgotten_before(changes: list[CallChange]) -> None:
    recent = CallChange.objects.filter(pk=changes[0].pk)
    for write in (recent.delete, lambda: recent.update(fee=0)):
        with pytest.raises(ProgrammingError, match="Cannot"), transaction.atomic():
            write()
