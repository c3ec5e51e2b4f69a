from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from billing.balances.models import Payment
from billing.statements.views.payments import Line
from billing.sync.services import mirroring
from billing.topups.models import Kind, Source, TopUp, TopUpState
from billing.topups.services import sending as topup_sending
from billing.topups.services import transfers as topup_transfers
from simulator.process import SimulatorProcess
from tests.support.factories import NOON, ChargeFactory, PaymentFactory, TopUpFactory
from tests.support.logins import logged_in
from tests.support.pages import Page, context, read
from tests.support.staffsite import staff
from tests.support.visitors import Visitor

LIST = "Payments and charges"


def look(who: Visitor, query: str = "") -> tuple[list[Line], Page]:
    answer = who.client.get(who.page("payments/") + query)
    return [line for month in context(answer)["months"] for line in month.lines], read(answer).section(LIST)


def test_payments_and_charges_are_listed_with_the_balance_after_each(zoe: Visitor) -> None:
    PaymentFactory.create(account=zoe.account, amount=Decimal(25), balance_after=Decimal("125.5"), memo="bank transfer")
    PaymentFactory.create(account=zoe.account, amount=Decimal("-1.25"), kind=Payment.Kind.DEDUCTION)
    ChargeFactory.create(account=zoe.account, amount=Decimal("2.95"), balance_after=Decimal("122.55"))
    lines, page = look(zoe)
    assert len(lines) == len(page.items) == 3
    for line, shown in zip(lines, page.items, strict=True):
        assert line.title in shown
    of_amount = {line.entry.amount: shown for line, shown in zip(lines, page.items, strict=True)}
    for amount, figures in {
        Decimal(25): ("+$25.00", "$125.50", "bank transfer"),
        Decimal("-1.25"): ("−$1.25",),
        Decimal("-2.95"): ("−$2.95", "$122.55"),
    }.items():
        assert all(figure in of_amount[amount] for figure in figures)


def test_a_payment_leads_to_its_top_up(zoe: Visitor) -> None:
    payment = PaymentFactory.create(account=zoe.account, amount=Decimal(50))
    topup = TopUpFactory.create(
        account=zoe.account, payment=payment, state=TopUpState.CONFIRMED, settled_at=NOON, source=Source.OPERATOR
    )
    _, page = look(zoe)
    assert page.link(topup.reference) == zoe.page(f"topups/{topup.reference}/")


def test_what_carries_no_reference_of_ours_is_from_elsewhere(zoe: Visitor) -> None:
    topup = TopUpFactory.create(account=zoe.account)
    PaymentFactory.create(account=zoe.account, memo="bank transfer")
    PaymentFactory.create(account=zoe.account)
    # It is not matched yet, but says which top-up it is of.
    PaymentFactory.create(account=zoe.account, memo=topup.reference)
    ChargeFactory.create(account=zoe.account)
    lines, page = look(zoe)
    from_elsewhere = [line.entry.row for line in lines if line.entry.from_elsewhere]
    assert sorted(row.memo for row in from_elsewhere if isinstance(row, Payment)) == ["", "bank transfer"]
    assert len(from_elsewhere) == 2
    assert len([item for item in page.items if "from elsewhere" in item]) == 2


def test_a_debit_and_what_was_given_back_of_it_both_name_the_customer(
    zoe: Visitor, mara: Visitor, simulator: SimulatorProcess
) -> None:
    now = timezone.now()
    simulator.control.set_money("R-100", Decimal(500))
    simulator.control.add_fault("Pay", "listed_code", count=1, after=1)
    credit = topup_transfers.request(
        account=zoe.account,
        payer=mara.account,
        amount=Decimal(5),
        by=mara.user,
        key="k",
        now=now,
        send_by_worker=False,
    )
    topup_sending.carry_out(topup_id=credit.pk, now=now)
    mirroring.mirror(account=mara.account, now=now)
    lines, page = look(mara)
    ours = {line.entry.topup.kind: line for line in lines if line.entry.topup}
    assert set(ours) == {Kind.DEBIT, Kind.GIVE_BACK}
    assert ours[Kind.DEBIT].title != ours[Kind.GIVE_BACK].title
    for line in ours.values():
        assert zoe.account.name in line.title
        assert line.link == zoe.page(f"topups/{credit.reference}/")
    assert [link.address for link in page.links].count(zoe.page(f"topups/{credit.reference}/")) == 2


def test_pages_are_turned_there_and_back(zoe: Visitor) -> None:
    for number in range(60):
        PaymentFactory.create(account=zoe.account, paid_at=timezone.now() - timedelta(hours=number))
    first, page = look(zoe)
    older, page = look(zoe, page.section("Pages").link("Older"))
    assert len(first) + len(older) == 60
    back, _ = look(zoe, page.section("Pages").link("Newer"))
    assert back == first


def test_no_payments_yet_is_told(zoe: Visitor) -> None:
    answer = zoe.client.get(zoe.page("payments/?after=rubbish"))
    assert context(answer)["months"] == []
    assert context(answer)["mirrored_until"] is None
    page = read(answer).section(LIST)
    assert page.headings == ["No payments yet"]
    assert "not known yet" in page.words


def test_kinds_that_the_manual_does_not_know_are_shown_plainly(zoe: Visitor) -> None:
    PaymentFactory.create(account=zoe.account, kind=9, method=77, paid_at=timezone.now())
    ChargeFactory.create(account=zoe.account, kind=9, charged_at=timezone.now())
    lines, page = look(zoe)
    assert sorted(line.title for line in lines) == ["Charge", "Payment"]
    assert len(page.items) == 2


def transfer(zoe: Visitor, mara: Visitor, simulator: SimulatorProcess) -> TopUp:
    now = timezone.now()
    simulator.control.set_money("R-100", Decimal(500))
    credit = topup_transfers.request(
        account=zoe.account, payer=mara.account, amount=Decimal(5), by=mara.user, key="k", now=now, send_by_worker=False
    )
    return topup_sending.carry_out(topup_id=credit.pk, now=now)


def test_a_payment_stands_there_at_once_and_once_under_one_reference_on_both_sides(
    zoe: Visitor, mara: Visitor, simulator: SimulatorProcess
) -> None:
    for who in (zoe, mara):
        mirroring.mirror(account=who.account, now=timezone.now())
    credit = transfer(zoe, mara, simulator)
    assert credit.debit is not None
    ours = {credit.reference, credit.debit.reference}
    for who, amount in ((zoe, Decimal(5)), (mara, Decimal(-5))):
        for is_mirrored in (False, True):
            if is_mirrored:
                mirroring.mirror(account=who.account, now=timezone.now())
            lines, page = look(who)
            (line,) = [line for line in lines if line.entry.topup or line.detail in ours]
            assert isinstance(line.entry.row, Payment) == is_mirrored
            assert (line.detail, line.entry.amount) == (credit.reference, amount)
            assert page.link(credit.reference) == zoe.page(f"topups/{credit.reference}/")
            assert line.entry.balance_after is not None


def test_a_listed_payment_that_is_not_matched_yet_stands_there_once(zoe: Visitor) -> None:
    topup = TopUpFactory.create(account=zoe.account, state=TopUpState.CONFIRMED, settled_at=timezone.now())
    PaymentFactory.create(account=zoe.account, memo=topup.reference)
    assert [type(line.entry.row) for line in look(zoe)[0]] == [Payment]


def test_what_is_not_confirmed_is_no_payment(zoe: Visitor) -> None:
    TopUpFactory.create(account=zoe.account, state=TopUpState.IN_DOUBT)
    TopUpFactory.create(account=zoe.account, state=TopUpState.REFUSED, settled_at=NOON)
    assert look(zoe)[0] == []


def test_the_one_reference_finds_both_legs_on_the_pages_of_staff(
    zoe: Visitor, mara: Visitor, simulator: SimulatorProcess
) -> None:
    credit = transfer(zoe, mara, simulator)
    mirroring.mirror(account=mara.account, now=timezone.now())
    support = logged_in(staff("support"))
    for reference in (credit.reference, credit.debit.reference if credit.debit else ""):
        found = support.get("/staff/topups/topup/", {"q": reference}).context["cl"].queryset
        assert {topup.kind for topup in found} == {Kind.CREDIT, Kind.DEBIT}
    (payment,) = support.get("/staff/balances/payment/", {"q": credit.reference}).context["cl"].queryset
    assert payment.topup == credit.debit
