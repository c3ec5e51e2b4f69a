"""Payments by card, as far as the portal hears of them: what a provider reports, by whatever way, or never does."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from enum import StrEnum
from functools import partial
from unittest import mock

from django.test import override_settings

from accounts.models import Account
from bench.conform.deaths import Death
from bench.conform.evidence import Seen
from bench.conform.hands import beside_one_another
from bench.conform.world import World
from billing.card_payments.models import CardPayment
from billing.card_payments.providers.base import Progress, SessionReport
from billing.card_payments.services import payments as card_payment_payments
from billing.topups.services.errors import TopUpRefused

REPORTS_AT_ONCE = 3


class Reported(StrEnum):
    ONCE = "reported once"
    TWICE = "reported twice"
    AT_ONCE = "reported, returned and swept at once"
    THEN_DEATH = "the process that heard of it died"
    ANOTHER_AMOUNT = "another amount arrived"
    NOT_PAID = "not paid"
    NEVER = "no process heard of it"


def pay_online(
    world: World, seen: Seen, account: Account, amount: Decimal, key: str, how: Reported
) -> CardPayment | None:
    """None when the portal did not let it begin."""
    account = Account.objects.select_related("switch").get(pk=account.pk)
    try:
        with override_settings(PAYMENT_PROVIDER="demo"):
            payment = card_payment_payments.start(
                account=account, amount=amount, by=world.reseller, key=key, now=world.now, besides_unsettled=True
            )
    except TopUpRefused:
        return None
    if how is Reported.NEVER:
        return payment
    if how is not Reported.NOT_PAID:
        seen.paid_online.append(payment.reference)
    _hear(world, payment, _report(payment, how), how)
    return payment


def _report(payment: CardPayment, how: Reported) -> SessionReport:
    return SessionReport(
        session=f"session-{payment.reference}",
        reference=payment.reference,
        progress=Progress.OVER if how is Reported.NOT_PAID else Progress.PAID,
        amount=payment.amount + (how is Reported.ANOTHER_AMOUNT),
        currency=payment.currency,
    )


def _hear(world: World, payment: CardPayment, report: SessionReport, how: Reported) -> None:
    if how is Reported.AT_ONCE:
        beside_one_another(*[partial(_note, world, payment.pk, report)] * REPORTS_AT_ONCE)
        return
    if how is Reported.THEN_DEATH:
        with mock.patch.object(card_payment_payments, "credit_first", side_effect=Death), suppress(Death):
            _note(world, payment.pk, report)
        return
    for _ in range(2 if how is Reported.TWICE else 1):
        _note(world, payment.pk, report)


def _note(world: World, payment_id: int, report: SessionReport) -> None:
    payment = CardPayment.objects.select_related("account__switch").get(pk=payment_id)
    card_payment_payments.note(payment=payment, report=report, now=world.now)
