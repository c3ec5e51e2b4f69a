"""Payments by card: started, found out about by whatever comes first, and credited once.

A signed report, the person's return and a sweep all lead to `note`, which may be called any number of times.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet, Sum

from accounts.models import Account, User
from billing.card_payments import providers as card_payments
from billing.card_payments.models import CardPayment, CardPaymentState
from billing.card_payments.providers.base import OPEN_FOR, Progress, Provider, Session, SessionReport
from billing.lib.amounts import BadAmount, check_amount
from billing.topups.models import Source, TopUp
from billing.topups.services import errors as topup_errors
from billing.topups.services import limits as topup_limits
from billing.topups.services import requests as topup_requests
from billing.topups.services.errors import LimitExceeded

logger = logging.getLogger(__name__)

# The reports come within seconds; only where one is lost does anybody have to ask.
FIRST_LOOK = timedelta(minutes=2)
# Whoever waits at the page is answered sooner, and does not ask the provider every time.
BETWEEN_LOOKS = timedelta(seconds=5)
STILL_OPEN = (
    "With a payment by card that was begun and may still be paid, this is more than the day's limit allows. "
    f"What nobody pays no longer counts {OPEN_FOR.seconds // 60} minutes after it was begun."
)


class NotOpen(topup_errors.TopUpRefused):
    """Nobody takes payments by card now."""


def places(*, account: Account) -> int:
    """How many decimal places a payment for this account may have; raises NotOpen."""
    return min(account.switch.places, _provider().payable_places(account.switch.currency))


def start(*, account: Account, amount: Decimal, by: User, key: str, now: datetime) -> CardPayment:
    """Write down that somebody wants to pay; raises TopUpRefused.

    The same key and body give the same payment, which may be over by now.
    """
    provider = _provider()
    topup_requests.check(
        TopUp(source=Source.ONLINE, account=account, amount=amount, requested_by=by, key=key, requested_at=now)
    )
    try:
        check_amount(amount, places=places(account=account))
    except BadAmount as error:
        raise topup_errors.AmountRefused(str(error)) from error
    payment = _written(account, amount, by, key, provider, now)
    if (payment.account_id, payment.amount, payment.provider) != (account.pk, amount, provider.name):
        raise topup_errors.KeyReused(
            "This form was already used for another payment. Start again from the account's page."
        )
    return payment


@transaction.atomic
def _written(account: Account, amount: Decimal, by: User, key: str, provider: Provider, now: datetime) -> CardPayment:
    topup_limits.lock_daily_limits(account=account, by=by)
    # Asked before it is paid: what is paid is credited whatever the limits of the day.
    if not CardPayment.objects.filter(paid_by=by, key=key).exists():
        _check_day(account, amount, by, now)
    payment, _ = CardPayment.objects.get_or_create(
        paid_by=by,
        key=key,
        defaults={
            "account": account,
            "amount": amount,
            "currency": account.switch.currency,
            "provider": provider.name,
            "started_at": now,
            "next_look_at": now + FIRST_LOOK,
        },
    )
    return payment


def _check_day(account: Account, amount: Decimal, by: User, now: datetime) -> None:
    """With what may still be paid on pages that are open at the provider, or is paid and about to be credited."""
    used = topup_limits.used_today(accounts=[account], switch=account.switch, by=by, now=now)
    topup_limits.check_used(used, account=account, amount=amount)
    coming = CardPayment.objects.filter(account__switch=account.switch).filter(
        Q(state=CardPaymentState.STARTED, started_at__gt=now - OPEN_FOR)
        | Q(state=CardPaymentState.PAID, topups__isnull=True)
    )
    with_these = used.with_more(
        by_person=_sum(coming.filter(paid_by=by)), account=account, of_account=_sum(coming.filter(account=account))
    )
    try:
        topup_limits.check_used(with_these, account=account, amount=amount)
    except LimitExceeded as error:
        raise LimitExceeded(STILL_OPEN) from error


def _sum(payments: QuerySet[CardPayment]) -> Decimal:
    total: Decimal = payments.aggregate(sum=Sum("amount", default=Decimal(0)))["sum"]
    return total


def open_page(*, payment: CardPayment, back: str, now: datetime) -> Session:
    """Where the person pays; raises ProviderError. `back` is the address that they come back to."""
    session = _provider().open(payment=payment, back=back, now=now)
    CardPayment.objects.filter(pk=payment.pk, session="").update(session=session.id)
    return session


def receive(*, provider: Provider, body: bytes, signature: str, now: datetime) -> CardPayment | None:
    """A report of the provider; raises NotFromProvider. None: it is about nothing of ours."""
    report = provider.read(body=body, signature=signature)
    if report is None:
        return None
    payment = CardPayment.objects.filter(provider=provider.name, reference=report.reference).first()
    if payment is None:
        logger.info("%s reports a payment that is not the portal's", provider.name)
        return None
    return note(payment=payment, report=report, now=now)


def look(*, payment: CardPayment, now: datetime) -> CardPayment:
    """Ask the provider about a payment that is not paid yet, unless somebody just did; raises ProviderError."""
    provider = card_payments.current()
    if provider is None or provider.name != payment.provider or not payment.session:
        return payment
    lately = Q(looked_at__gt=now - BETWEEN_LOOKS)
    waiting = CardPayment.objects.filter(pk=payment.pk, state=CardPaymentState.STARTED).exclude(lately)
    if waiting.update(looked_at=now):
        return note(payment=payment, report=provider.look(session=payment.session), now=now)
    payment.refresh_from_db()
    return payment


def note(*, payment: CardPayment, report: SessionReport, now: datetime) -> CardPayment:
    """Write down what the provider states, and credit what is paid. The one step that all ways lead to."""
    if report.progress == Progress.PAID:
        _was_paid(payment, report, now)
    elif report.progress == Progress.OVER:
        _move(payment, CardPaymentState.ABANDONED, if_in=[CardPaymentState.STARTED])
    payment.refresh_from_db()
    return payment


def credit_first(*, payment: CardPayment, now: datetime) -> TopUp | None:
    """The first top-up of a paid payment, made unless there is one. None: it could not be made, and stays owed."""
    try:
        with transaction.atomic():
            held = locked(payment)
            if held.state != CardPaymentState.PAID or held.topups.exists():
                return held.topups.order_by("pk").first()
            return credit(held=held, by=held.paid_by, now=now)
    except topup_errors.TopUpRefused as refused:
        logger.exception("%s is paid and cannot be credited", payment)
        CardPayment.objects.filter(pk=payment.pk).update(why=str(refused)[:300])
        return None


def locked(payment: CardPayment) -> CardPayment:
    """Held until the transaction ends: whether it is credited or paid back is decided by one at a time."""
    rows = CardPayment.objects.select_for_update(of=("self",), no_key=True)
    held: CardPayment = rows.select_related("account__switch", "paid_by").get(pk=payment.pk)
    return held


def credit(*, held: CardPayment, by: User, now: datetime) -> TopUp:
    """A new top-up for a payment that is held and has none that could still be done; raises TopUpRefused."""
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
    """That it is paid is committed by itself: whatever becomes of the credit, the money is accounted for."""
    told = {"paid_at": now, "received": f"{report.amount.normalize():f} {report.currency}, {report.session}"}
    waiting = [CardPaymentState.STARTED, CardPaymentState.ABANDONED]
    is_right = (report.amount, report.currency) == (payment.amount, payment.currency)
    if is_right and payment.session in ("", report.session):
        if _move(payment, CardPaymentState.PAID, if_in=waiting, session=report.session, **told):
            logger.info("%s is paid", payment)
        credit_first(payment=payment, now=now)
    elif _move(payment, CardPaymentState.DIFFERS, if_in=waiting, why="What arrived is not what was asked for.", **told):
        logger.error("%s was not paid as asked for, but: %s", payment, told["received"])
    elif payment.session != report.session:
        logger.error("%s is paid a second time: %s", payment, told["received"])


def _move(payment: CardPayment, to: CardPaymentState, *, if_in: list[CardPaymentState], **fields: object) -> bool:
    return bool(CardPayment.objects.filter(pk=payment.pk, state__in=if_in).update(state=to, **fields))


def _provider() -> Provider:
    provider = card_payments.current()
    if provider is None:
        raise NotOpen("Payments by card are not taken at the moment.")
    return provider
