"""Top-ups by voucher card: the card is looked at first, then paid in like any other top-up (manual §3.58, §3.84)."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial

from django.db import IntegrityError, transaction
from django.utils.crypto import get_random_string
from django.views.decorators.debug import sensitive_variables

from accounts.models import Account, User
from billing.lib import redis_limits
from billing.lib.queued_tasks import SWEEP_AFTER
from billing.lib.reasons import Because
from billing.lib.redis_limits import Limit
from billing.switches.services import clients
from billing.switches.services.failures import FAILURES, failure
from billing.topups.models import Source, TopUp, VoucherReason
from billing.topups.services import duplicates, requests, voucher_cards
from billing.topups.services import limits as daily_limits
from billing.topups.services.errors import TopUpRefused
from billing.topups.services.states import UNDONE
from billing.topups.services.voucher_cards import Card, Offer
from billing.vos3000 import Refused, UnexpectedStatus
from billing.vos3000.operations.phone_cards import PhoneCard, get_phone_card

logger = logging.getLogger(__name__)

MOST_OF_A_USER = 5
MOST_OF_AN_ACCOUNT = 10
MOST_FROM_AN_ADDRESS = 20
KEY_LENGTH = 32


class CardRefused(TopUpRefused):
    """The card pays nothing in."""

    field = "pin"


class CardWrong(CardRefused):
    pass


class CardUsed(CardRefused):
    pass


class CardExpired(CardRefused):
    pass


class CardWorthless(CardRefused):
    pass


class TooManyCards(CardRefused):
    """Too many cards were wrong: nothing is asked of the switch for a while."""


class CardNotSeen(CardRefused):
    """The switch could not be asked, so nothing is known about the card."""


class CardTaken(CardRefused):
    """A top-up by this card is on its way: `topup`, unless it is of another account."""

    def __init__(self, topup: TopUp, account: Account) -> None:
        super().__init__(Because(VoucherReason.TAKEN))
        self.topup = topup if topup.account_id == account.pk else None


@sensitive_variables()
def look(*, account: Account, card: Card, by: User, address: str, now: datetime) -> Offer:
    """Ask the switch about the card. Raises CardRefused. Nothing is written, and the card stays as it is.

    A wrong password and an unknown number look the same to the person, and both count as a guess.
    """
    limits = _limits(account, by, address)
    _count(limits, account, by, address)
    try:
        found = _found(account, card)
    except CardNotSeen:
        redis_limits.refund(limits)
        raise
    if found is None:
        logger.warning("A wrong voucher card for %s by user %s from %s", account.number, by.pk, address)
        raise CardWrong(Because(VoucherReason.WRONG))
    redis_limits.refund(limits)
    _check(found, account, now)
    _check_is_free(account, card)
    offer = Offer(card=card, amount=found.money, expires_at=found.expiry.instant, key=get_random_string(KEY_LENGTH))
    requests.check(_requested(offer, account, by, now))
    return offer


@sensitive_variables()
def request(
    *,
    account: Account,
    offer: Offer,
    by: User,
    now: datetime,
    send_by_worker: bool = True,
    besides_unsettled: bool = False,
) -> TopUp:
    """Write down a top-up by the card and ask a worker to send it. Raises TopUpRefused.

    The same offer gives the same top-up. Another offer of a card that is on its way is refused, by the database too.
    So is a card besides an earlier credit that has not ended, unless it is meant `besides_unsettled`.
    """
    requested = _requested(offer, account, by, now)
    with transaction.atomic():
        daily_limits.lock_requests(account=account, by=by)
        known = requests.find(requested)
        if known is not None:
            return known
        requests.check(requested)
        _check_is_free(account, offer.card)
        if not besides_unsettled:
            duplicates.check_unsettled(account)
        topup, is_new = _write(requested, account, offer.card)
        if is_new and send_by_worker:
            transaction.on_commit(partial(requests.SEND_TOPUP.enqueue, topup.pk))
    return topup


@sensitive_variables()
def _write(requested: TopUp, account: Account, card: Card) -> tuple[TopUp, bool]:
    try:
        return requests.write(requested)
    except IntegrityError:
        # Another account may have been quicker, whose requests take another lock.
        _check_is_free(account, card)
        raise


def _requested(offer: Offer, account: Account, by: User, now: datetime) -> TopUp:
    return TopUp(
        source=Source.VOUCHER,
        account=account,
        amount=offer.amount,
        requested_by=by,
        key=offer.key,
        card=voucher_cards.digest_of(switch=account.switch, card=offer.card),
        sealed_card=voucher_cards.seal(offer.card),
        requested_at=now,
        deadline=now + account.switch.sending_deadline,
        next_attempt_at=now + SWEEP_AFTER,
    )


def _limits(account: Account, by: User, address: str) -> list[Limit]:
    return [
        Limit(f"voucher:user:{by.pk}", MOST_OF_A_USER),
        Limit(f"voucher:account:{account.pk}", MOST_OF_AN_ACCOUNT),
        Limit(f"voucher:address:{redis_limits.network_of(address)}", MOST_FROM_AN_ADDRESS),
    ]


def _count(limits: list[Limit], account: Account, by: User, address: str) -> None:
    try:
        redis_limits.spend(limits)
    except redis_limits.TooMany as error:
        logger.warning("Voucher cards are closed for %s, user %s, address %s", account.number, by.pk, address)
        minutes = -(-int(error.wait.total_seconds()) // 60)
        raise TooManyCards(Because(VoucherReason.TOO_MANY_WRONG, {"minutes": minutes})) from error
    except redis_limits.Unavailable as error:
        raise _not_seen(Because(VoucherReason.NO_COUNT)) from error


def _found(account: Account, card: Card) -> PhoneCard | None:
    """Ask the switch for the card. A refusal by whatever code means a wrong card: the codes are not published."""
    timeout = clients.PAGE_TIMEOUT
    try:
        with clients.client(account.switch, read_timeout=timeout, total_timeout=timeout) as client:
            return get_phone_card(client, pin=card.pin, password=card.password)
    except Refused:
        return None
    except UnexpectedStatus as error:
        if error.not_on_this_build:
            raise CardNotSeen(Because(VoucherReason.NOT_HERE)) from error
        raise _not_seen(Because(failure(error))) from error
    except FAILURES as error:
        raise _not_seen(Because(failure(error))) from error


def _not_seen(why: Because) -> CardNotSeen:
    return CardNotSeen(Because(VoucherReason.NOT_SEEN, {"why": why}))


def _check(found: PhoneCard, account: Account, now: datetime) -> None:
    if found.is_used:
        raise CardUsed(_why_used(found, account))
    expires_at = found.expiry.instant
    if expires_at is not None and expires_at <= now:
        raise CardExpired(Because(VoucherReason.EXPIRED, {"day": expires_at}))
    if found.money <= 0:
        raise CardWorthless(Because(VoucherReason.WORTHLESS))


def _why_used(found: PhoneCard, account: Account) -> Because:
    used = Because(VoucherReason.USED)
    if found.used_at:
        used = Because(VoucherReason.USED_ON, {"day": found.used_at})
    return Because(VoucherReason.USED_HERE, {"used": used}) if found.used_account == account.number else used


def _check_is_free(account: Account, card: Card) -> None:
    same_card = TopUp.objects.filter(card__in=voucher_cards.digests_of(switch=account.switch, card=card))
    taken = same_card.exclude(state__in=UNDONE).first()
    if taken is not None:
        raise CardTaken(taken, account)
