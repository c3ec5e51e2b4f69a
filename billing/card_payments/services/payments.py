"""Starts payments by card, hears that they are paid by whatever tells it first, and credits each of them once.

A signed report, the person's return and a sweep all lead to `note`, which may be called any number of times.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet, Sum

from accounts.lib.backoff import Backoff
from accounts.models import Account, User
from billing.card_payments import providers
from billing.card_payments.models import CardPayment, CardPaymentReason, CardPaymentState
from billing.card_payments.providers.base import OPEN_FOR, Progress, Provider, Session, SessionReport
from billing.lib.amounts import BadAmount, check_amount
from billing.lib.reasons import Because
from billing.topups.models import Source, TopUp
from billing.topups.services import duplicates as topup_duplicates
from billing.topups.services import errors as topup_errors
from billing.topups.services import limits as topup_limits
from billing.topups.services import requests as topup_requests
from billing.topups.services.errors import LimitExceeded

logger = logging.getLogger(__name__)

# The reports come within seconds; the provider is asked only where one is lost: after 2 minutes, then 4, 8 … 60 apart.
LOOKS = Backoff(first=timedelta(minutes=2), longest=timedelta(hours=1))
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
    """Write down that a person wants to pay. Raises TopUpRefused.

    The same key and body give the same payment, which may be over by now. While an earlier credit of the account has
    not ended, a new payment is refused unless it is meant `besides_unsettled`.
    """
    provider = _provider()
    topup_requests.check(
        TopUp(source=Source.ONLINE, account=account, amount=amount, requested_by=by, key=key, requested_at=now)
    )
    try:
        check_amount(amount, places=places(account=account))
    except BadAmount as error:
        raise topup_errors.AmountRefused(error.because) from error
    payment = _written(account, amount, by, key, provider, now, besides_unsettled)
    if (payment.account_id, payment.amount, payment.provider) != (account.pk, amount, provider.name):
        raise topup_errors.KeyReused(Because(CardPaymentReason.KEY_REUSED))
    return payment


@transaction.atomic
def _written(
    account: Account,
    amount: Decimal,
    by: User,
    key: str,
    provider: Provider,
    now: datetime,
    besides_unsettled: bool,
) -> CardPayment:
    topup_limits.lock_requests(account=account, by=by)
    # The limits are checked before it is paid: a payment that is paid is credited whatever the limits of the day.
    if not CardPayment.objects.filter(paid_by=by, key=key).exists():
        _check_day(account, amount, by, now)
        if not besides_unsettled:
            topup_duplicates.check_unsettled(account)
    payment, _ = CardPayment.objects.get_or_create(
        paid_by=by,
        key=key,
        defaults={
            "account": account,
            "amount": amount,
            "currency": account.switch.currency,
            "provider": provider.name,
            "started_at": now,
            "next_look_at": now + LOOKS.first,
        },
    )
    return payment


def _check_day(account: Account, amount: Decimal, by: User, now: datetime) -> None:
    """Check the day's limits, counting payments that are open at the provider, or are paid and about to be credited."""
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
        minutes = OPEN_FOR.seconds // 60
        raise LimitExceeded(Because(CardPaymentReason.LIMIT_WITH_OPEN, {"minutes": minutes})) from error


def _sum(payments: QuerySet[CardPayment]) -> Decimal:
    total: Decimal = payments.aggregate(sum=Sum("amount", default=Decimal(0)))["sum"]
    return total


def open_page(*, payment: CardPayment, back: str, now: datetime) -> Session:
    """Open the provider's page on which the person pays. Raises ProviderError.

    `back` is the address that the person comes back to.
    """
    session = _provider().open(payment=payment, back=back, now=now)
    CardPayment.objects.filter(pk=payment.pk, session="").update(session=session.id)
    return session


def receive(*, provider: Provider, body: bytes, signature: str, now: datetime) -> CardPayment | None:
    """Take in a report of the provider. Raises NotFromProvider. None: it is not about a payment of ours."""
    report = provider.read(body=body, signature=signature)
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


def note(*, payment: CardPayment, report: SessionReport, now: datetime) -> CardPayment:
    """Write down what the provider states, and credit the payment if it is paid."""
    if report.progress == Progress.PAID:
        _was_paid(payment, report, now)
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
    heard = {"paid_at": now, "received": f"{report.amount.normalize():f} {report.currency}, {report.session}"}
    waiting = [CardPaymentState.STARTED, CardPaymentState.ABANDONED]
    is_right = (report.amount, report.currency) == (payment.amount, payment.currency)
    if is_right and payment.session in ("", report.session):
        if _move(payment, CardPaymentState.PAID, if_in=waiting, session=report.session, **heard):
            logger.info("%s is paid", payment)
        credit_first(payment=payment, now=now)
    elif _move(payment, CardPaymentState.DIFFERS, if_in=waiting, why=Because(CardPaymentReason.DIFFERS), **heard):
        logger.error("%s was not paid as asked for, but: %s", payment, heard["received"])
    elif payment.session != report.session:
        logger.error("%s is paid a second time: %s", payment, heard["received"])


def _move(payment: CardPayment, to: CardPaymentState, *, if_in: list[CardPaymentState], **fields: object) -> bool:
    return bool(CardPayment.objects.filter(pk=payment.pk, state__in=if_in).update(state=to, **fields))


def _provider() -> Provider:
    provider = providers.current()
    if provider is None:
        raise NotOpen(Because(CardPaymentReason.NOT_TAKEN))
    return provider
