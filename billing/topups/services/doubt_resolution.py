"""Ends doubt: looks for a top-up, by its reference, in the switch's payment history (manual §3.46).

Finding it, once, for the same account and amount, confirms it; so does a voucher's card that was used for this account
since it was sent. Not finding it ends nothing: after the settling time and enough clean looks a person decides.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db.models import F, Q

from accounts.lib.clock import Clock
from accounts.models import Switch
from billing.lib.amounts import stored_if_money
from billing.lib.reasons import Because
from billing.switches.services import clients
from billing.topups.models import CardFinding, Source, TopUp, TopUpReason, TopUpState, references
from billing.topups.services import lookups, states, voucher_states
from billing.topups.services.lookups import Window
from billing.topups.services.payment_matching import match_payments
from billing.topups.services.voucher_states import CardUse
from billing.vos3000 import Client, SwitchError, Withheld
from billing.vos3000.operations.payments import PayRecord

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 5000


@dataclass(frozen=True)
class Resolved:
    """How many top-ups were looked at, and their states then; `failed` are those whose history could not be read."""

    looked_at: int = 0
    confirmed: int = 0
    in_doubt: int = 0
    review: int = 0
    failed: int = 0


def resolve(*, switch: Switch, now: datetime, all_of_them: bool = False) -> Resolved:
    """Look at the switch's top-ups in doubt whose time has come, or at all of them: one request per account."""
    clock = Clock(now)
    due = TopUp.objects.filter(account__switch=switch, state=TopUpState.IN_DOUBT).select_related("account__switch")
    if not all_of_them:
        due = due.filter(Q(next_look_at__isnull=True) | Q(next_look_at__lte=now))
    topups = list(due.order_by("account_id", "id")[:MOST_AT_ONCE])
    looked_at = _look_at_each_account(switch, topups, clock) if topups else 0
    ends = Counter(TopUp.objects.filter(pk__in=[topup.pk for topup in topups]).values_list("state", flat=True))
    return Resolved(
        looked_at=looked_at,
        confirmed=ends[TopUpState.CONFIRMED],
        in_doubt=ends[TopUpState.IN_DOUBT],
        review=ends[TopUpState.REVIEW],
        failed=len(topups) - looked_at,
    )


def _look_at_each_account(switch: Switch, topups: Sequence[TopUp], clock: Clock) -> int:
    looked_at = 0
    with clients.client(switch) as client:
        for _, group in groupby(topups, key=lambda topup: topup.account_id):
            doubtful = list(group)
            try:
                _look(client, doubtful, clock)
            except SwitchError as error:
                logger.info("No look at the payments of %s: %s", doubtful[0].account.number, error)
                if not isinstance(error, Withheld):
                    lookups.note_failure(topups=doubtful, window=Window.of(doubtful, clock.now()), error=error)
                _look_again(doubtful, clock.now() + switch.failed_look_pause)
                if isinstance(error, Withheld):
                    break
            else:
                looked_at += len(doubtful)
    return looked_at


def _look(client: Client, topups: Sequence[TopUp], clock: Clock) -> None:
    """Look once, completely, for all doubtful top-ups of one account."""
    account = topups[0].account
    window = Window.of(topups, clock.now())
    rows = lookups.payments_within(client, account, window)
    shown = lookups.note(topups=topups, window=window, rows=rows)
    for topup in topups:
        found = shown.found(topup)
        if found:
            _found(topup, found, window.asked_at)
        elif topup.source == Source.VOUCHER:
            _ask_the_card(client, topup, shown.candidates(topup), window.asked_at)
        else:
            _not_found(topup, shown.candidates(topup), window.asked_at)
    match_payments(account=account)


def _look_again(topups: Sequence[TopUp], at: datetime) -> None:
    ids = [topup.pk for topup in topups]
    TopUp.objects.filter(pk__in=ids, state=TopUpState.IN_DOUBT).update(next_look_at=at)


def _found(topup: TopUp, found: Sequence[PayRecord], asked_at: datetime) -> None:
    if len(found) == 1 and _matches(topup, found[0]):
        states.move(
            topup=topup,
            to=TopUpState.CONFIRMED,
            now=asked_at,
            evidence={"found": lookups.listed(found)},
            balance_after=stored_if_money(found[0].balance_after),
        )
    else:
        why = Because(TopUpReason.NOT_AS_SENT)
        states.move(topup=topup, to=TopUpState.REVIEW, now=asked_at, why=why, evidence={"found": lookups.listed(found)})


def _matches(topup: TopUp, row: PayRecord) -> bool:
    """A memo with several references would confirm them all: it confirms none."""
    alone = references(row.memo) == [topup.reference]
    return alone and row.account == topup.account.number and row.amount == topup.amount


def _ask_the_card(client: Client, topup: TopUp, candidates: Sequence[PayRecord], asked_at: datetime) -> None:
    try:
        card = voucher_states.ask(client, topup, now=asked_at)
    except SwitchError as error:
        logger.info("The card of %s could not be asked: %s", topup, error)
        if not _is_settled(topup, asked_at):
            _look_again([topup], asked_at + topup.account.switch.failed_look_pause)
            return
        card = voucher_states.CardState(CardUse.UNCLEAR, {"state": CardFinding.NO_ANSWER})
    evidence = {"card": card.evidence}
    if card.use is CardUse.PAID_IN:
        states.move(topup=topup, to=TopUpState.CONFIRMED, now=asked_at, evidence=evidence)
    elif card.use is CardUse.USED_ELSEWHERE:
        why = Because(TopUpReason.CARD_USED_ELSEWHERE)
        states.move(topup=topup, to=TopUpState.REVIEW, now=asked_at, why=why, evidence=evidence)
    else:
        _not_found(topup, candidates, asked_at, evidence)


def _not_found(
    topup: TopUp, candidates: Sequence[PayRecord], asked_at: datetime, seen: Mapping[str, object] | None = None
) -> None:
    """Count a look that did not find it. `asked_at` is when rows were asked for: it may have been done since."""
    looks = topup.looks + 1
    switch = topup.account.switch
    counted = TopUp.objects.filter(pk=topup.pk, state=TopUpState.IN_DOUBT, looks=topup.looks).update(
        looks=F("looks") + 1, next_look_at=asked_at + switch.look_pauses.pause(looks)
    )
    if counted and _is_settled(topup, asked_at) and looks >= switch.clean_looks:
        why = Because(TopUpReason.NOT_FOUND)
        evidence = {"looks": looks, "candidates": lookups.listed(candidates), **(seen or {})}
        states.move(topup=topup, to=TopUpState.REVIEW, now=asked_at, why=why, evidence=evidence)


def _is_settled(topup: TopUp, at: datetime) -> bool:
    return at >= (topup.sent_at or topup.requested_at) + topup.account.switch.settling_time
