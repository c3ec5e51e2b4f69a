"""A reseller's top-up: the agent is debited, then the child is credited; a refused credit is given back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from django.db import transaction

from accounts.access import is_below
from accounts.models import Account, User
from billing.balances.services import balances
from billing.lib.queued_tasks import HAND_OVER
from billing.topups.models import Kind, Source, TopUp
from billing.topups.services import headroom, limits, requests
from billing.topups.services.errors import TopUpRefused

# A credit's own deadline begins when its debit is confirmed.
NOT_YET = timedelta(days=3650)


class NotBelow(TopUpRefused):
    field = "account"


class NotCovered(TopUpRefused):
    pass


class NotSurelyCovered(NotCovered):
    """Debits that were confirmed just now may count twice; a newer balance tells."""


class BalanceUnknown(TopUpRefused):
    pass


# It may be otherwise some seconds later.
PASSING = (NotSurelyCovered, BalanceUnknown)


@dataclass(frozen=True)
class Purse:
    """From where an agent's top-ups are paid: `left` of its balance, or of the day's credit without debit."""

    payer: Account
    debited: bool
    left: Decimal | None


def purse(*, payer: Account, now: datetime) -> Purse:
    payer = balances.current(account=payer, now=now).account
    debited = payer.credit_without_debit is None
    left = headroom.left_for_transfer(agent=payer) if debited else headroom.left_for_today(agent=payer, now=now)
    return Purse(payer, debited, left)


def request(
    *,
    account: Account,
    payer: Account,
    amount: Decimal,
    by: User,
    key: str,
    note: str = "",
    now: datetime,
    hand_over: bool = True,
    reissue_of: TopUp | None = None,
    mails_success: bool = True,
) -> TopUp:
    """Write down a top-up by an agent and hand it over to a worker. Returns the credit; raises TopUpRefused.

    The agent is debited first, unless its account allows credit without debit. Wishes of one agent are decided one
    after the other, so that together they never exceed what it has. Without `mails_success` the person who asks is
    mailed only of what goes wrong.
    """
    _look_at_balance(payer, now)
    with transaction.atomic():
        agent = balances.locked(payer)
        limits.lock_daily_limits(account=account, by=by)
        wish = _wish(account, agent, amount, by, key, note, now)
        wish.mails_success = mails_success
        known = requests.find(wish)
        if known is not None:
            return known
        _check(wish, agent)
        credit, is_new = _write(wish, reissue_of)
        if is_new and hand_over:
            transaction.on_commit(partial(requests.SEND_TOPUP.enqueue, credit.pk))
    return credit


def check(
    *, account: Account, payer: Account, amount: Decimal, by: User, key: str, note: str = "", now: datetime
) -> None:
    """Raises what `request` would raise now, and writes nothing."""
    _look_at_balance(payer, now)
    agent = Account.objects.select_related("switch").get(pk=payer.pk)
    wish = _wish(account, agent, amount, by, key, note, now)
    if requests.find(wish) is None:
        _check(wish, agent)


def _look_at_balance(payer: Account, now: datetime) -> None:
    if payer.credit_without_debit is None:
        balances.current(account=payer, now=now)


def _wish(account: Account, agent: Account, amount: Decimal, by: User, key: str, note: str, now: datetime) -> TopUp:
    without_debit = agent.credit_without_debit is not None
    return TopUp(
        source=Source.AGENT_CREDIT if without_debit else Source.TRANSFER,
        account=account,
        amount=amount,
        note=note,
        requested_by=by,
        key=key,
        payer=agent,
        requested_at=now,
        deadline=now + (agent.switch.sending_deadline if without_debit else NOT_YET),
        next_attempt_at=now + HAND_OVER,
    )


def _check(wish: TopUp, agent: Account) -> None:
    requests.check(wish)
    if wish.account.switch_id != agent.switch_id or not is_below(wish.account, agent):
        raise NotBelow(f"{wish.account.number} is not an account of {agent.number}.")
    if wish.source == Source.AGENT_CREDIT:
        if wish.amount > headroom.left_for_today(agent=agent, now=wish.requested_at):
            raise NotCovered("This is more than what may still be credited today.")
        return
    left = headroom.left_for_transfer(agent=agent)
    if left is None:
        raise BalanceUnknown("The balance to pay from is not known at the moment. Please try again shortly.")
    if wish.amount > left:
        if wish.amount <= left + headroom.perhaps_counted_twice(agent=agent):
            raise NotSurelyCovered("The balance to pay from is changing just now. Please try again in some seconds.")
        raise NotCovered("The balance to pay from does not cover this, counting what is already on its way.")


def _write(wish: TopUp, reissue_of: TopUp | None) -> tuple[TopUp, bool]:
    """`reissue_of` is an earlier transfer's debit or credit: the same leg of this one stands for it."""
    if wish.source == Source.AGENT_CREDIT:
        wish.reissue_of = reissue_of
        return requests.write(wish)
    debit = TopUp(
        kind=Kind.DEBIT,
        source=Source.TRANSFER,
        account=wish.payer,
        amount=-wish.amount,
        note=wish.note,
        requested_by=wish.requested_by,
        key=wish.key,
        requested_at=wish.requested_at,
        deadline=wish.requested_at + wish.account.switch.sending_deadline,
        next_attempt_at=wish.next_attempt_at,
    )
    leg = debit if reissue_of is not None and reissue_of.kind == Kind.DEBIT else wish
    leg.reissue_of = reissue_of
    return requests.write(wish, debit=debit)
