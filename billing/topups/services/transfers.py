"""Top-ups by an agent: the agent is debited, then the child is credited; a refused credit is given back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from django.db import transaction

from accounts.access import is_below
from accounts.models import Account, User
from billing.balances.services import balances
from billing.lib.queued_tasks import SWEEP_AFTER
from billing.lib.reasons import Because
from billing.topups.models import Kind, Source, TopUp, TransferReason
from billing.topups.services import duplicates, headroom, limits, requests
from billing.topups.services.errors import TopUpRefused

# A credit's own deadline begins when its debit is confirmed.
NO_DEADLINE_YET = timedelta(days=3650)


class NotBelow(TopUpRefused):
    field = "account"


class NotCovered(TopUpRefused):
    pass


class NotSurelyCovered(NotCovered):
    """Debits that were confirmed just now may count twice; only a newer balance can tell."""


class BalanceUnknown(TopUpRefused):
    pass


# Reasons that may have gone some seconds later.
TEMPORARY = (NotSurelyCovered, BalanceUnknown)


@dataclass(frozen=True)
class Funds:
    """What an agent pays its top-ups from: `left` of its balance if it is debited, else of the day's credit."""

    payer: Account
    debited: bool
    left: Decimal | None


def funds(*, payer: Account, now: datetime) -> Funds:
    """Ask the switch for the agent's balance, unless it is fresh, and say what is left."""
    payer = balances.current(account=payer, now=now).account
    debited = payer.credit_without_debit is None
    left = headroom.left_for_transfer(agent=payer) if debited else headroom.left_for_today(agent=payer, now=now)
    return Funds(payer, debited, left)


def request(
    *,
    account: Account,
    payer: Account,
    amount: Decimal,
    by: User,
    key: str,
    note: str = "",
    now: datetime,
    send_by_worker: bool = True,
    reissue_of: TopUp | None = None,
    mails_success: bool = True,
    besides_unsettled: bool = False,
) -> TopUp:
    """Write down a top-up by an agent and ask a worker to send it. Returns the credit; raises TopUpRefused.

    The agent is debited first, unless its account allows credit without debit. Requests of one agent are decided one
    after the other, so that together they never exceed what it has. Without `mails_success` the person who asks is
    only mailed when it goes wrong. While an earlier credit of the account has not ended, a new one is refused unless
    it is meant `besides_unsettled`.
    """
    _look_at_balance(payer, now)
    with transaction.atomic():
        agent = balances.lock_agent(payer)
        limits.lock_requests(account=account, by=by)
        requested = _requested(account, agent, amount, by, key, note, now)
        requested.mails_success = mails_success
        known = requests.find(requested)
        if known is not None:
            return known
        _check(requested, agent)
        if not besides_unsettled:
            duplicates.check_unsettled(account)
        credit, is_new = _write(requested, reissue_of)
        if is_new and send_by_worker:
            transaction.on_commit(partial(requests.SEND_TOPUP.enqueue, credit.pk))
    return credit


def check(
    *, account: Account, payer: Account, amount: Decimal, by: User, key: str, note: str = "", now: datetime
) -> None:
    """Raise what `request` would raise now, and write nothing."""
    _look_at_balance(payer, now)
    agent = Account.objects.select_related("switch").get(pk=payer.pk)
    requested = _requested(account, agent, amount, by, key, note, now)
    if requests.find(requested) is None:
        _check(requested, agent)


def _look_at_balance(payer: Account, now: datetime) -> None:
    if payer.credit_without_debit is None:
        balances.current(account=payer, now=now)


def _requested(
    account: Account, agent: Account, amount: Decimal, by: User, key: str, note: str, now: datetime
) -> TopUp:
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
        deadline=now + (agent.switch.sending_deadline if without_debit else NO_DEADLINE_YET),
        next_attempt_at=now + SWEEP_AFTER,
    )


def _check(requested: TopUp, agent: Account) -> None:
    requests.check(requested)
    if requested.account.switch_id != agent.switch_id or not is_below(requested.account, agent):
        both = {"account": requested.account.number, "agent": agent.number}
        raise NotBelow(Because(TransferReason.NOT_BELOW, both))
    if requested.source == Source.AGENT_CREDIT:
        if requested.amount > headroom.left_for_today(agent=agent, now=requested.requested_at):
            raise NotCovered(Because(TransferReason.NOT_COVERED_TODAY))
        return
    left = headroom.left_for_transfer(agent=agent)
    if left is None:
        raise BalanceUnknown(Because(TransferReason.BALANCE_UNKNOWN))
    if requested.amount > left:
        if requested.amount <= left + headroom.perhaps_counted_twice(agent=agent):
            raise NotSurelyCovered(Because(TransferReason.NOT_SURELY_COVERED))
        raise NotCovered(Because(TransferReason.NOT_COVERED))


def _write(requested: TopUp, reissue_of: TopUp | None) -> tuple[TopUp, bool]:
    """Save the credit, with its debit. `reissue_of` is a leg of an earlier transfer, which the same leg replaces."""
    if requested.source == Source.AGENT_CREDIT:
        requested.reissue_of = reissue_of
        return requests.write(requested)
    debit = TopUp(
        kind=Kind.DEBIT,
        source=Source.TRANSFER,
        account=requested.payer,
        amount=-requested.amount,
        note=requested.note,
        requested_by=requested.requested_by,
        key=requested.key,
        requested_at=requested.requested_at,
        deadline=requested.requested_at + requested.account.switch.sending_deadline,
        next_attempt_at=requested.next_attempt_at,
    )
    leg = debit if reissue_of is not None and reissue_of.kind == Kind.DEBIT else requested
    leg.reissue_of = reissue_of
    return requests.write(requested, debit=debit)
