from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from billing.models import Payment, Source, TopUpState
from billing.services import mirroring, topups, transfers
from simulator.process import SimulatorProcess
from tests.support.factories import NOON, ChargeFactory, PaymentFactory, TopUpFactory
from tests.support.visitors import Visitor


def test_payments_and_charges_are_listed_with_the_balance_after_each(zoe: Visitor) -> None:
    PaymentFactory.create(account=zoe.account, amount=Decimal(25), balance_after=Decimal("125.5"), memo="bank transfer")
    PaymentFactory.create(account=zoe.account, amount=Decimal("-1.25"), kind=Payment.Kind.DEDUCTION)
    ChargeFactory.create(account=zoe.account, amount=Decimal("2.95"), balance_after=Decimal("122.55"))
    html = zoe.client.get(zoe.page("payments/")).content.decode()
    for shown in ("+$25.00", "$125.50", "bank transfer", "−$1.25", "−$2.95", "$122.55", "Package rent"):
        assert shown in html


def test_a_payment_leads_to_its_top_up(zoe: Visitor) -> None:
    payment = PaymentFactory.create(account=zoe.account, amount=Decimal(50))
    topup = TopUpFactory.create(
        account=zoe.account, payment=payment, state=TopUpState.CONFIRMED, settled_at=NOON, source=Source.OPERATOR
    )
    html = zoe.client.get(zoe.page("payments/")).content.decode()
    assert zoe.page(f"topups/{topup.reference}/") in html


def test_what_carries_no_reference_of_ours_is_from_elsewhere(zoe: Visitor) -> None:
    topup = TopUpFactory.create(account=zoe.account)
    PaymentFactory.create(account=zoe.account, memo="bank transfer")
    PaymentFactory.create(account=zoe.account)
    # Not tied yet, but it says whose it is.
    PaymentFactory.create(account=zoe.account, memo=topup.reference)
    ChargeFactory.create(account=zoe.account)
    html = zoe.client.get(zoe.page("payments/")).content.decode()
    assert html.count("from elsewhere") == 2
    assert "from elsewhere · bank transfer" in html


def test_a_debit_and_what_was_given_back_of_it_both_name_the_customer(
    zoe: Visitor, mara: Visitor, simulator: SimulatorProcess
) -> None:
    now = timezone.now()
    simulator.control.set_money("R-100", Decimal(500))
    simulator.control.add_fault("Pay", "listed_code", count=1, after=1)
    credit = transfers.request(
        account=zoe.account,
        payer=mara.account,
        amount=Decimal(5),
        by=mara.user,
        key="k",
        now=now,
        hand_over=False,
    )
    topups.carry_out(topup_id=credit.pk, now=now)
    mirroring.mirror(account=mara.account, now=now)
    html = mara.client.get(mara.page("payments/")).content.decode()
    assert f"Given back: top-up of {zoe.account.name}" in html
    assert html.count(f"op-up of {zoe.account.name}") == 2
    assert html.count(f"/topups/{credit.reference}/") == 2


def test_pages_are_turned_there_and_back(zoe: Visitor) -> None:
    for number in range(60):
        PaymentFactory.create(account=zoe.account, paid_at=timezone.now() - timedelta(hours=number))
    first = zoe.client.get(zoe.page("payments/"))
    older = zoe.client.get(zoe.page("payments/") + first.context["older"])
    assert "Newer" in older.content.decode()
    back = zoe.client.get(zoe.page("payments/") + older.context["newer"])
    assert back.context["months"] == first.context["months"]


def test_no_payments_yet_is_told(zoe: Visitor) -> None:
    html = zoe.client.get(zoe.page("payments/?after=rubbish")).content.decode()
    assert "No payments yet" in html
    assert "not known yet" in html


def test_kinds_that_the_manual_does_not_know_are_shown_plainly(zoe: Visitor) -> None:
    PaymentFactory.create(account=zoe.account, kind=9, method=77, paid_at=timezone.now())
    ChargeFactory.create(account=zoe.account, kind=9, charged_at=timezone.now())
    html = zoe.client.get(zoe.page("payments/")).content.decode()
    assert "Payment" in html
    assert "Charge" in html
