"""Starts payments by card, hears that they are paid by whatever tells it first, and credits each of them once.

A signed report, the person's return and a sweep all lead to `note`, which may be called any number of times.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.lib.backoff import Backoff
from accounts.models import Account, User
from billing.card_payments import providers
from billing.card_payments.models import CardPayment, CardPaymentReason, CardPaymentState
from billing.card_payments.providers.base import (
    PageClosed,
    Progress,
    Provider,
    ProviderFailed,
    ProviderRefused,
    ReversalsReport,
    Session,
    SessionReport,
)
from billing.card_payments.services import attempts, reversals
from billing.lib.amounts import BadAmount, check_amount
from billing.lib.reasons import Because
from billing.topups.models import Source, TopUp
from billing.topups.services import errors as topup_errors
from billing.topups.services import requests as topup_requests

logger = logging.getLogger(__name__)

# The reports come within seconds; the provider is asked only where one is lost: after 2 minutes, then 4, 8 … 60 apart.
LOOKS = Backoff(first=attempts.FIRST_LOOK_AFTER, longest=timedelta(hours=1))
# Refunds and disputes are reported too. Where a report is lost, they are found within a day.
REVERSAL_LOOKS = Backoff(first=timedelta(hours=1), longest=timedelta(days=1))
# A person who waits at the page is answered sooner than a sweep, but the provider is not asked at every visit.
BETWEEN_LOOKS = timedelta(seconds=5)


class NotOpen(topup_errors.TopUpRefused):
    """Payments by card are not taken now."""


def places(*, account: Account) -> int:
    """How many decimal places a payment for this account may have. Raises NotOpen."""
    return min(account.switch.places, _provider().payable_places(account.switch.currency))


def start(
    *, account: Account, amount: Decimal, by: User, key: str, now: datetime, besides_unsettled: bool = False
) -> CardPayment:
    """Write down that a person wants to pay. Raises TopUpRefused or ProviderError.

    The same key and body give the same payment, which may be over by now; where it surely never could be paid, or its
    time was over, they give another one, and so does a corrected amount. While an earlier credit of the account has not
    ended, a new payment is refused unless it is meant `besides_unsettled`.
    """
    provider = _provider()
    topup_requests.check(
        TopUp(source=Source.ONLINE, account=account, amount=amount, requested_by=by, key=key, requested_at=now)
    )
    try:
        check_amount(amount, places=places(account=account))
    except BadAmount as error:
        raise topup_errors.AmountRefused(error.because) from error
    before = attempts.latest(by=by, key=key)
    if before is not None and (report := attempts.ask_about(before, provider=provider, now=now)) is not None:
        note(payment=before, report=report, now=now)
    payment = attempts.write(
        account=account,
        amount=amount,
        by=by,
        key=key,
        provider=provider,
        now=now,
        besides_unsettled=besides_unsettled,
    )
    if (payment.account_id, payment.amount, payment.provider) != (account.pk, amount, provider.name):
        raise topup_errors.KeyReused(Because(CardPaymentReason.KEY_REUSED))
    return payment


def open_page(*, payment: CardPayment, back: str, now: datetime) -> Session:
    """Open the provider's page on which the person pays. Raises ProviderError.

    `back` is the address that the person comes back to.
    """
    provider = _provider()
    if payment.session:
        return _page_again(provider.look(session=payment.session))
    try:
        session = provider.open(payment=payment, back=back, now=now)
    except PageClosed:
        raise
    except ProviderRefused as refused:
        attempts.give_up(payment, refused.because)
        raise
    except ProviderFailed:
        attempts.note_failure(payment, now)
        raise
    if not attempts.keep_session(payment, session.id):
        attempts.close(session.id, provider)
        raise PageClosed
    return session


def _page_again(report: SessionReport) -> Session:
    if not report.url:
        raise PageClosed
    return Session(id=report.session, url=report.url)


def receive(*, provider: Provider, body: bytes, signature: str, now: datetime) -> CardPayment | None:
    """Take in a report of the provider. None: it is not about a payment of ours.

    Raises NotFromProvider, and ProviderUnreachable where it is to be repeated.
    """
    report = provider.read(body=body, signature=signature)
    if isinstance(report, ReversalsReport):
        return reversals.receive(provider=provider, report=report, now=now)
    if report is None:
        return None
    payment = CardPayment.objects.filter(provider=provider.name, reference=report.reference).first()
    if payment is None:
        logger.info("%s reports a payment that is not the portal's", provider.name)
        return None
    return note(payment=payment, report=report, now=now)


def look(*, payment: CardPayment, now: datetime) -> CardPayment:
    """Ask the provider about a payment that is not paid yet, unless it was just asked. Raises ProviderError."""
    provider = providers.current()
    if provider is None or provider.name != payment.provider or not payment.session:
        return payment
    lately = Q(looked_at__gt=now - BETWEEN_LOOKS)
    waiting = CardPayment.objects.filter(pk=payment.pk, state=CardPaymentState.STARTED).exclude(lately)
    if waiting.update(looked_at=now):
        return note(payment=payment, report=provider.look(session=payment.session), now=now)
    payment.refresh_from_db()
    return payment


def look_for_reversals(*, payment: CardPayment, now: datetime) -> None:
    """Ask the provider for refunds and disputes of a payment that it received. Raises ProviderError."""
    provider = providers.current()
    if provider is None or provider.name != payment.provider or not payment.intent:
        return
    reversals.note(payment=payment, found=provider.reversals(intent=payment.intent), now=now)


def note(*, payment: CardPayment, report: SessionReport, now: datetime) -> CardPayment:
    """Write down what the provider states, and credit the payment if it is paid."""
    _keep_intent(payment, report.intent)
    if report.progress == Progress.PAID:
        _was_paid(payment, report, now)
    elif report.progress == Progress.UNDER_WAY:
        _waiting(payment).filter(under_way_since__isnull=True).update(under_way_since=now)
    elif report.progress == Progress.OVER:
        _move(payment, CardPaymentState.ABANDONED, if_in=[CardPaymentState.STARTED])
    payment.refresh_from_db()
    return payment


def credit_first(*, payment: CardPayment, now: datetime) -> TopUp | None:
    """Make the first top-up of a paid payment, unless there is one. None: it could not be made, and stays owed."""
    try:
        with transaction.atomic():
            held = locked(payment)
            if held.state != CardPaymentState.PAID or held.topups.exists():
                return held.topups.order_by("pk").first()
            if held.reversals.all().takes_money().exists():
                CardPayment.objects.filter(pk=held.pk).update(why=Because(CardPaymentReason.REVERSED))
                return None
            return credit(held=held, by=held.paid_by, now=now)
    except topup_errors.TopUpRefused as refused:
        logger.exception("%s is paid and cannot be credited", payment)
        CardPayment.objects.filter(pk=payment.pk).update(why=refused.because)
        return None


def locked(payment: CardPayment) -> CardPayment:
    """The payment, locked until the transaction ends: one process at a time decides if it is credited or paid back."""
    rows = CardPayment.objects.select_for_update(of=("self",), no_key=True)
    held: CardPayment = rows.select_related("account__switch", "paid_by").get(pk=payment.pk)
    return held


def credit(*, held: CardPayment, by: User, now: datetime) -> TopUp:
    """Make a new top-up for a locked payment that has none that could still be done. Raises TopUpRefused."""
    return topup_requests.request(
        account=held.account,
        amount=held.amount,
        by=by,
        key=f"{held.reference}-{held.topups.count() + 1}",
        source=Source.ONLINE,
        online_id=held.pk,
        now=now,
    )


def _was_paid(payment: CardPayment, report: SessionReport, now: datetime) -> None:
    """Commit first that it is paid: whatever becomes of the credit, the money is accounted for."""
    received = f"{report.amount.normalize():f} {report.currency}, {report.session}"
    heard = {"paid_at": now, "received": received, "next_reversal_look_at": now + REVERSAL_LOOKS.first}
    waiting = [CardPaymentState.STARTED, CardPaymentState.ABANDONED]
    is_right = (report.amount, report.currency) == (payment.amount, payment.currency)
    if is_right and _is_its_session(payment, report.session):
        if _move(payment, CardPaymentState.PAID, if_in=waiting, session=report.session, **heard):
            logger.info("%s is paid", payment)
        credit_first(payment=payment, now=now)
    elif _move(payment, CardPaymentState.DIFFERS, if_in=waiting, why=Because(CardPaymentReason.DIFFERS), **heard):
        logger.error("%s was not paid as asked for, but: %s", payment, received)
    elif payment.session != report.session:
        logger.error("%s is paid a second time: %s", payment, received)


def _is_its_session(payment: CardPayment, session: str) -> bool:
    """Whether a session is the payment's own. Where its name was never heard, it must be no other payment's."""
    others = CardPayment.objects.exclude(pk=payment.pk).filter(provider=payment.provider)
    return payment.session == session or (not payment.session and not others.filter(session=session).exists())


def _keep_intent(payment: CardPayment, intent: str) -> None:
    """Keep by what name refunds and disputes are reported, if it is no other payment's."""
    if intent and not CardPayment.objects.filter(provider=payment.provider, intent=intent).exists():
        CardPayment.objects.filter(pk=payment.pk, intent="").update(intent=intent)


def _waiting(payment: CardPayment) -> QuerySet[CardPayment]:
    return CardPayment.objects.filter(pk=payment.pk, state=CardPaymentState.STARTED)


def _move(payment: CardPayment, to: CardPaymentState, *, if_in: list[CardPaymentState], **fields: object) -> bool:
    return bool(CardPayment.objects.filter(pk=payment.pk, state__in=if_in).update(state=to, **fields))


def _provider() -> Provider:
    provider = providers.current()
    if provider is None:
        raise NotOpen(Because(CardPaymentReason.NOT_TAKEN))
    return provider
