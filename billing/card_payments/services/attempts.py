"""Attempts of one form to pay by card: where one surely cannot be paid any more, the form starts another payment.

Each attempt has its own reference, which is also the key under which the provider makes one session at most.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet, Sum

from accounts.models import Account, User
from billing.card_payments.models import CardPayment, CardPaymentReason, CardPaymentState, ProviderReason
from billing.card_payments.providers.base import (
    OPEN_FOR,
    Progress,
    Provider,
    ProviderError,
    ProviderRefused,
    SessionReport,
)
from billing.lib.reasons import Because
from billing.topups.services import duplicates as topup_duplicates
from billing.topups.services import limits as topup_limits
from billing.topups.services.errors import LimitExceeded

logger = logging.getLogger(__name__)

# A page on which so little time is left is closed first, and another one is opened.
LEAST_LEFT = timedelta(minutes=5)
# Stripe opens no page that closes within half an hour: later than this, an attempt without a page gets none.
OPENED_WITHIN = OPEN_FOR - timedelta(minutes=35)
FIRST_LOOK_AFTER = timedelta(minutes=2)


def latest(*, by: User, key: str) -> CardPayment | None:
    return CardPayment.objects.filter(paid_by=by, key=key).order_by("-attempt").first()


def write(
    *,
    account: Account,
    amount: Decimal,
    by: User,
    key: str,
    provider: Provider,
    now: datetime,
    besides_unsettled: bool = False,
) -> CardPayment:
    """Find the payment of the form, or write the first or next one down. Raises TopUpRefused."""
    with transaction.atomic():
        topup_limits.lock_requests(account=account, by=by)
        before = latest(by=by, key=key)
        if before is not None and not _is_followed(before, now):
            return before
        # The limits are checked before it is paid: a payment that is paid is credited whatever the limits of the day.
        _check_day(account, amount, by, now)
        if before is None and not besides_unsettled:
            topup_duplicates.check_unsettled(account)
        payment, _ = CardPayment.objects.get_or_create(
            paid_by=by,
            key=key,
            attempt=before.attempt + 1 if before else 1,
            defaults={
                "account": account,
                "amount": amount,
                "currency": account.switch.currency,
                "provider": provider.name,
                "started_at": now,
                "next_look_at": now + FIRST_LOOK_AFTER,
            },
        )
    return payment


def ask_about(payment: CardPayment, *, provider: Provider, now: datetime) -> SessionReport | None:
    """Ask how an attempt stands that may no longer be paid, and close its page where little time is left.

    Without a session, the provider is searched for one; where there surely is none, the attempt is given up. Raises
    ProviderError. None: there is nothing to note.
    """
    if payment.state != CardPaymentState.STARTED or payment.provider != provider.name or payment.under_way_since:
        return None
    if payment.session:
        return _closed(payment.session, provider) if now >= payment.started_at + OPEN_FOR - LEAST_LEFT else None
    if payment.open_failed_at is None and now <= payment.started_at + OPENED_WITHIN:
        return None
    found = provider.find(payment=payment, now=now)
    if found is None:
        give_up(payment, Because(ProviderReason.NO_ANSWER))
        return None
    keep_session(payment, found.session)
    is_late = now > payment.started_at + OPEN_FOR - LEAST_LEFT
    return _closed(found.session, provider) if is_late and found.progress == Progress.PENDING else found


def give_up(payment: CardPayment, why: Because) -> None:
    """End an attempt for which the provider surely made no session."""
    unopened = CardPayment.objects.filter(pk=payment.pk, state=CardPaymentState.STARTED, session="")
    unopened.update(state=CardPaymentState.ABANDONED, why=Because(CardPaymentReason.NOT_OPENED, {"why": why}))


def note_failure(payment: CardPayment, now: datetime) -> None:
    """Write down that the provider failed: it may keep the failure for the attempt's key, so the key is not reused."""
    CardPayment.objects.filter(pk=payment.pk, session="").update(open_failed_at=now)


def keep_session(payment: CardPayment, session: str) -> bool:
    """Keep what the provider calls an attempt. False: it has ended meanwhile, or has another session."""
    waiting = CardPayment.objects.filter(pk=payment.pk, state=CardPaymentState.STARTED, session="")
    if waiting.update(session=session):
        payment.session = session
        return True
    payment.refresh_from_db()
    return payment.session == session and payment.state != CardPaymentState.ABANDONED


def close(session: str, provider: Provider) -> None:
    """Close a page that no person was led to."""
    try:
        provider.expire(session=session)
    except ProviderError as error:
        logger.warning("The session %s could not be closed: %s", session, error)


def _closed(session: str, provider: Provider) -> SessionReport:
    report = provider.look(session=session)
    if report.progress != Progress.PENDING:
        return report
    try:
        provider.expire(session=session)
    except ProviderRefused:
        # It was paid or closed in this moment, which the next look tells.
        logger.info("The session %s could not be closed", session)
    return provider.look(session=session)


def _is_followed(payment: CardPayment, now: datetime) -> bool:
    """Whether the form of a payment starts another one: this one never had a page, or its time was over."""
    if payment.state != CardPaymentState.ABANDONED:
        return False
    return not payment.session or now >= payment.started_at + OPEN_FOR - LEAST_LEFT


def _check_day(account: Account, amount: Decimal, by: User, now: datetime) -> None:
    """Check the day's limits, counting payments that are open at the provider, or are paid and about to be credited."""
    used = topup_limits.used_today(accounts=[account], switch=account.switch, by=by, now=now)
    topup_limits.check_used(used, account=account, amount=amount)
    coming = CardPayment.objects.filter(account__switch=account.switch).filter(
        Q(state=CardPaymentState.STARTED, started_at__gt=now - OPEN_FOR)
        | Q(state=CardPaymentState.STARTED, under_way_since__isnull=False)
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
