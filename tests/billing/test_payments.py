from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Account, Switch
from billing.models import Charge, Payment, Stream, SyncMark
from billing.services.payments import mirror
from billing.vos3000 import SwitchError
from simulator.process import SimulatorProcess
from tests.support.factories import AccountFactory, SwitchFactory

NOW = datetime.now(UTC)
NUMBER = "C-301"


@pytest.fixture
def account(switch: Switch) -> Account:
    account: Account = AccountFactory.create(switch=switch, number=NUMBER)
    return account


def rows(model: Any) -> list[dict[str, Any]]:
    return list(model.objects.order_by("pk").values())


def test_the_first_mirror_holds_what_the_switch_lists(account: Account, simulator: SimulatorProcess) -> None:
    new = mirror(account=account, now=NOW)
    ledger = simulator.control.account(NUMBER)
    paid = Payment.objects.order_by("paid_at", "pk").values_list("amount", "balance_after", "memo")
    assert list(paid) == [(row.fee, row.customer_money, row.memo) for row in ledger.pays]
    charged = Charge.objects.order_by("charged_at", "pk").values_list("amount", "balance_after")
    assert list(charged) == [(row.money, row.customer_money) for row in ledger.charges]
    assert (new.payments, new.charges) == (len(ledger.pays), len(ledger.charges))
    assert new.charges > 30


@pytest.mark.django_db
@pytest.mark.parametrize("sign", ["-1", "1"])
def test_a_deduction_takes_whatever_its_sign(sign: str) -> None:
    with SimulatorProcess("--quiet-world", f"--deduction-sign={sign}") as simulator:
        account = AccountFactory.create(switch=SwitchFactory.create(url=simulator.url), number=NUMBER)
        simulator.control.pay(NUMBER, Decimal("-4.5"))
        mirror(account=account, now=datetime.now(UTC))
        assert Payment.objects.order_by("paid_at").last().amount == Decimal("-4.5")  # type: ignore[union-attr]  # there is one


def test_equal_payments_are_both_kept_and_mirrored_once(account: Account, simulator: SimulatorProcess) -> None:
    at = int((NOW - timedelta(minutes=10)).timestamp() * 1000)
    for amount in ("5", "-5", "5"):
        simulator.control.pay(NUMBER, Decimal(amount), memo="twice", at=at)
    mirror(account=account, now=NOW)
    equal = Payment.objects.filter(memo="twice", amount=5)
    assert sorted(equal.values_list("occurrence", flat=True)) == [0, 1]
    before = rows(Payment), rows(Charge)
    again = mirror(account=account, now=NOW + timedelta(minutes=5))
    further = mirror(account=account, now=NOW + timedelta(minutes=5), since=NOW - timedelta(days=50))
    assert (again.payments, again.charges, further.payments, further.charges) == (0, 0, 0, 0)
    assert (rows(Payment), rows(Charge)) == before


def test_an_equal_payment_that_comes_later_is_one_more(account: Account, simulator: SimulatorProcess) -> None:
    at = int((NOW - timedelta(minutes=10)).timestamp() * 1000)
    simulator.control.pay(NUMBER, Decimal(5), memo="twice", at=at)
    mirror(account=account, now=NOW)
    simulator.control.set_money(NUMBER, simulator.control.account(NUMBER).money - 5)
    simulator.control.pay(NUMBER, Decimal(5), memo="twice", at=at)
    assert mirror(account=account, now=NOW + timedelta(minutes=1)).payments == 1
    assert Payment.objects.filter(memo="twice").count() == 2


@pytest.mark.parametrize("kind", ["drop_after", "cut_body", "empty_after", "html_403", "unlisted_code"])
def test_the_mark_moves_only_over_windows_that_were_read(
    account: Account, simulator: SimulatorProcess, kind: str
) -> None:
    simulator.control.add_fault("GetPayHistory", kind, after=1)
    with pytest.raises(SwitchError):
        mirror(account=account, now=NOW)
    mark = SyncMark.objects.get(stream=Stream.PAYMENTS)
    assert mark.complete_from == NOW - timedelta(days=90)
    assert mark.complete_until == NOW - timedelta(days=59)
    assert not SyncMark.objects.filter(stream=Stream.CHARGES).exists()
    simulator.control.clear_faults()
    mirror(account=account, now=NOW)
    assert set(SyncMark.objects.values_list("complete_until", flat=True)) == {NOW}
    assert Payment.objects.count() == len(simulator.control.account(NUMBER).pays)


def test_windows_are_a_month_at_most_and_then_an_hour(account: Account, simulator: SimulatorProcess) -> None:
    mirror(account=account, now=NOW)
    assert simulator.control.stats().requests == {"GetPayHistory": 3, "GetConsumption": 3}
    simulator.control.reset_stats()
    mirror(account=account, now=NOW + timedelta(minutes=5))
    (asked,) = simulator.control.received("GetPayHistory")
    assert asked.body is not None
    assert asked.body["beginTime"] == (NOW - timedelta(hours=1)).strftime("%Y%m%d%H%M%S")


def test_a_payment_stamped_by_a_fast_clock_is_seen_at_once(account: Account, simulator: SimulatorProcess) -> None:
    simulator.control.shift_clock(15 * 60)
    simulator.control.pay(NUMBER, Decimal("1.25"), memo="fast")
    mirror(account=account, now=datetime.now(UTC))
    assert Payment.objects.filter(memo="fast").count() == 1


def test_a_memo_may_hold_anything(account: Account, simulator: SimulatorProcess) -> None:
    for memo in ("微信支付 🙏", "nul \x00 in it", "'); DROP TABLE --", "x" * 5000):
        simulator.control.pay(NUMBER, Decimal(1), memo=memo)
    before = Payment.objects.count()
    mirror(account=account, now=datetime.now(UTC))
    assert Payment.objects.filter(memo__contains="微信").exists()
    assert Payment.objects.count() == len(simulator.control.account(NUMBER).pays) > before


@pytest.mark.django_db
def test_a_build_without_charges_still_has_payments() -> None:
    with SimulatorProcess("--version", "2.1.4", "--quiet-world") as old:
        account = AccountFactory.create(switch=SwitchFactory.create(url=old.url), number=NUMBER)
        assert mirror(account=account, now=NOW).payments > 0
        assert list(SyncMark.objects.values_list("stream", flat=True)) == [Stream.PAYMENTS]
