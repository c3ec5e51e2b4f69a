"""The invariants that add up: days, transfers, and payments by card."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal

from bench.conform.evidence import Evidence, moment
from billing.card_payments.models import RECEIVED
from billing.lib.amounts import ZERO
from billing.topups.models import Kind, TopUp, TopUpState


def t12_sums_agree(evidence: Evidence) -> Iterator[str]:
    """Per account and day the confirmed top-ups equal the switch's rows with our references, each of one top-up."""
    owners: dict[int, list[str]] = defaultdict(list)
    confirmed: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for topup in evidence.topups:
        rows = evidence.rows_of(topup)
        for row in rows:
            owners[id(row)].append(topup.reference)
        if topup.state == TopUpState.CONFIRMED:
            at = moment(rows[0].pay_time) if rows else topup.sent_at or topup.requested_at
            confirmed[topup.account.number, _day(evidence, at)] += topup.amount
    yield from (f"one row is of {names}" for names in owners.values() if len(names) > 1)
    stated: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for account, ledger in evidence.ledger.items():
        for row in evidence.rows_with_references(account):
            if row.memo in evidence.seen.lost - evidence.by_reference.keys():
                continue  # Its top-up was lost with the database; T15 asks whether that is known.
            stated[account, _day(evidence, moment(row.pay_time))] += row.fee
        if ledger.money != ledger.explained:
            yield f"{account} has {ledger.money}, its rows make {ledger.explained}"
    for account, day in sorted(stated.keys() | confirmed.keys()):
        if stated[account, day] != confirmed[account, day]:
            yield f"{account} on {day}: {confirmed[account, day]} confirmed, {stated[account, day]} on the switch"
    yield from _wrong_ties(evidence.topups)


def _day(evidence: Evidence, at: datetime) -> date:
    return at.astimezone(evidence.switch.zone).date()


def _wrong_ties(topups: Iterable[TopUp]) -> Iterator[str]:
    for topup in topups:
        payment = topup.payment
        if payment and (payment.account_id, payment.amount) != (topup.account_id, topup.amount):
            yield f"{topup} is matched with a payment of {payment.amount}"


def t13_transfers_conserve(evidence: Evidence) -> Iterator[str]:
    """At rest the agent's loss is the child's gain, or both are zero."""
    gain: dict[int, Decimal] = defaultdict(Decimal)
    for topup in evidence.topups:
        debit = topup.pk if topup.kind == Kind.DEBIT else topup.debit_id or topup.gives_back_id
        if debit is not None:
            gain[debit] += sum((row.fee for row in evidence.rows_of(topup)), ZERO)
    for topup in evidence.topups:
        if gain.get(topup.pk):
            yield f"the transfer of {topup} leaves {gain[topup.pk]} over"


def t14_paid_is_credited_or_owed(evidence: Evidence) -> Iterator[str]:
    """A payment by card that is received is credited once or listed as owed; no other is credited."""
    states = {payment.reference: payment.state for payment in evidence.online}
    for reference in evidence.seen.paid_online:
        if states.get(reference) not in RECEIVED:
            yield f"{reference} was paid and is {states.get(reference)}"
    for payment in evidence.online:
        credit_topups = [topup for topup in evidence.topups if topup.online_id == payment.pk]
        rows = [row for topup in credit_topups for row in evidence.rows_of(topup)]
        confirmed = [topup for topup in credit_topups if topup.state == TopUpState.CONFIRMED]
        if payment.state not in RECEIVED:
            if rows or confirmed:
                yield f"{payment} is {payment.state} and was credited"
        elif len(rows) > 1 or len(confirmed) > 1:
            yield f"{payment} was credited {max(len(rows), len(confirmed))} times"
        elif bool(confirmed) == (payment.reference in evidence.owed):
            yield f"{payment} is {'credited and' if confirmed else 'neither credited nor'} listed as owed"
        elif any((topup.account_id, topup.amount) != (payment.account_id, payment.amount) for topup in credit_topups):
            yield f"{payment} was credited as something else"
