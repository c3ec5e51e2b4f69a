"""The request that carries out a top-up: a `Pay`, or for a voucher a `PayByPhoneCard` (manual §3.22, §3.58)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from billing.lib.reasons import Because, RefusedBecause
from billing.topups.models import Source, TopUp, TopUpReason
from billing.topups.services import voucher_cards
from billing.vos3000 import Client
from billing.vos3000.operations.payments import Paid, pay
from billing.vos3000.operations.phone_cards import pay_by_phone_card

Operation: TypeAlias = Callable[[Client], Paid]


class Unsendable(RefusedBecause):
    """The top-up can never be sent."""


def operation_of(topup: TopUp) -> Operation:
    """Prepare the request of a top-up. Raises Unsendable.

    It is prepared before the claim, so that nothing can fail between the claim and the request.
    """
    if topup.source != Source.VOUCHER:
        return partial(_pay, topup)
    try:
        return partial(_pay_by_card, topup, voucher_cards.card_of(topup))
    except voucher_cards.Unreadable as error:
        raise Unsendable(Because(TopUpReason.CARD_UNREADABLE)) from error


def _pay(topup: TopUp, client: Client) -> Paid:
    return pay(client, account=topup.account.number, amount=topup.amount, memo=topup.reference)


def _pay_by_card(topup: TopUp, card: voucher_cards.Card, client: Client) -> Paid:
    return pay_by_phone_card(
        client,
        account=topup.account.number,
        pin=card.pin,
        password=card.password,
        amount=topup.amount,
        memo=topup.reference,
    )
