"""Each invariant sees what it is there for: sound evidence passes, and one thing put wrong is found by its check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Account, Switch
from bench.conform.evidence import Burst, Evidence, Seen
from bench.conform.invariants import INVARIANTS
from billing.card_payments.models import CardPayment, CardPaymentState
from billing.topups.models import Answer, Kind, Reissue, Source, TopUp, TopUpState, Transition
from simulator.control import LedgerAccount, LedgerPay, ReceivedRequest
from tests.support.factories import NOON

REFERENCE, AMOUNT = "TU-0123456789", Decimal("12.345678")
PAID_AT = int(NOON.timestamp() * 1000) + 100
OTHERS = {name: check for name, check in INVARIANTS.items() if name != "T9"}


def step(before: str, to: str, seconds: float, **evidence: Any) -> Transition:
    at = NOON + timedelta(seconds=seconds)
    return Transition(topup_id=1, from_state=before, to_state=to, at=at, evidence=evidence)


def row() -> LedgerPay:
    return LedgerPay(fee=AMOUNT, type=0, pay_type=0, customer_money=AMOUNT, pay_time=PAID_AT, memo=REFERENCE)


def ledger(*pays: LedgerPay) -> dict[str, LedgerAccount]:
    money = sum((pay.fee for pay in pays), Decimal(0))
    nothing = Decimal(0)
    account = LedgerAccount("A-1", money, nothing, nothing, list(pays), [], 0, nothing, nothing)
    return {"A-1": account}


def sound() -> Evidence:
    """One top-up by the operator that went well."""
    topup = TopUp(
        pk=1,
        reference=REFERENCE,
        kind=Kind.CREDIT,
        source=Source.OPERATOR,
        account=Account(pk=1, number="A-1"),
        amount=AMOUNT,
        key="k",
        state=TopUpState.CONFIRMED,
        sent_at=NOON,
        requested_at=NOON,
        balance_after=AMOUNT,
    )
    steps = [
        step("", "requested", 0),
        step("requested", "sending", 0),
        step("sending", "confirmed", 1, pay_money=str(AMOUNT)),
    ]
    request = ReceivedRequest(PAID_AT, {"memo": REFERENCE, "money": float(AMOUNT)}, acted=True)
    seen = Seen([Burst("k", [REFERENCE] * 64, None)], [], {REFERENCE: TopUpState.CONFIRMED})
    return Evidence(Switch(), [topup], {1: steps}, [request], ledger(row()), seen)


def violated(evidence: Evidence) -> set[str]:
    return {name for name, check in OTHERS.items() if list(check(evidence))}


def ended(evidence: Evidence, state: TopUpState, *steps: Transition) -> Evidence:
    """The same top-up, come to another end."""
    evidence.topups[0].state = state
    return replace(evidence, steps={1: [*evidence.steps[1][:2], *steps]})


def with_seen(evidence: Evidence, **changes: Any) -> Evidence:
    return replace(evidence, seen=replace(evidence.seen, **changes))


def as_a_debit(evidence: Evidence) -> Evidence:
    evidence.topups[0].kind = Kind.DEBIT
    return evidence


def issued_again(evidence: Evidence, *, asked: int = 1, decided: int | None = 2, approved: int = 3) -> Evidence:
    """The top-up stands for an older one, which a person found not applied."""
    [new] = evidence.topups
    old = TopUp(pk=2, reference="TU-9876543210", kind=new.kind, account=new.account, amount=new.amount, key="o")
    old.state, old.sent_at, old.requested_at, new.reissue_of = TopUpState.NOT_APPLIED, NOON, NOON, old
    steps = [
        step("", "requested", 0),
        step("requested", "sending", 0),
        step("sending", "in_doubt", 1),
        step("in_doubt", "review", 3600, looks=3),
        step("review", "not_applied", 3700),
    ]
    steps[-1].by_id = decided
    reissue = Reissue(topup_id=2, requested_by_id=asked, answered_by_id=approved, answer=Answer.APPROVED)
    return replace(evidence, topups=[old, new], steps={**evidence.steps, 2: steps}, reissues=[reissue])


def with_its_amount(evidence: Evidence, amount: Decimal) -> Evidence:
    evidence.topups[0].amount = amount
    return evidence


def paid_online(
    evidence: Evidence, *, state: CardPaymentState = CardPaymentState.PAID, owed: bool = False, amount: Decimal = AMOUNT
) -> Evidence:
    """The top-up is the credit of a payment by card."""
    [topup] = evidence.topups
    topup.source, topup.online_id = Source.ONLINE, 9
    payment = CardPayment(pk=9, reference="OP-1", account=topup.account, amount=amount, state=state)
    return replace(evidence, online=[payment], owed=frozenset({"OP-1"} if owed else ()))


def credited_again(evidence: Evidence, *, by: int = 3) -> Evidence:
    """The top-up credits, for the second time, a payment by card whose first credit person 2 found not applied."""
    evidence = issued_again(paid_online(evidence), decided=2)
    old, new = evidence.topups
    new.reissue_of, new.requested_by_id = None, by
    old.pk, old.source, old.online_id, old.requested_by_id = 0, Source.ONLINE, 9, 1
    return replace(evidence, steps={1: evidence.steps[1], 0: evidence.steps[2]}, reissues=[])


def row_lost(evidence: Evidence) -> Evidence:
    """The top-up's row was lost with its database, and its payment is listed as a stray."""
    seen = Seen(lost={REFERENCE})
    return replace(evidence, topups=[], steps={}, seen=seen, strays=frozenset({REFERENCE}))


WRONG: list[tuple[str, Callable[[Evidence], Evidence]]] = [
    ("T1", lambda sound: replace(sound, received=[*sound.received, *sound.received])),
    (
        "T2",
        lambda sound: replace(sound, received=[ReceivedRequest(PAID_AT - 5000, sound.received[0].body, acted=True)]),
    ),
    ("T2", lambda sound: replace(sound, received=[*sound.received, ReceivedRequest(PAID_AT, {"memo": "x"}, False)])),
    ("T3", lambda sound: replace(sound, ledger=ledger())),
    ("T3", lambda sound: replace(sound, ledger=ledger(row(), row()))),
    ("T4", lambda sound: ended(sound, TopUpState.REFUSED, step("sending", "refused", 1, code=-10007))),
    ("T5", lambda sound: ended(sound, TopUpState.REFUSED, step("sending", "refused", 1, code=-10999))),
    ("T5", lambda sound: ended(sound, TopUpState.REQUESTED, step("sending", "requested", 1, reason="no connection"))),
    ("T6", lambda sound: ended(sound, TopUpState.REVIEW, step("in_doubt", "review", 60, looks=3))),
    ("T6", lambda sound: ended(sound, TopUpState.REVIEW, step("in_doubt", "review", 3600, looks=2))),
    ("T6", lambda sound: ended(sound, TopUpState.NOT_APPLIED, step("review", "not_applied", 3600))),
    ("T7", lambda sound: with_seen(sound, at_rest={REFERENCE: TopUpState.IN_DOUBT})),
    ("T7", lambda sound: ended(sound, TopUpState.REVIEW)),
    ("T8", lambda sound: with_seen(sound, bursts=[Burst("k", [REFERENCE, None], None)])),
    ("T8", lambda sound: with_seen(sound, bursts=[Burst("k", [REFERENCE], "TU-ANOTHER000")])),
    ("T8", lambda sound: with_seen(sound, posted={"k": {REFERENCE, "TU-ANOTHER000"}})),
    ("T10", lambda sound: issued_again(sound, approved=1)),
    ("T10", lambda sound: issued_again(sound, approved=2)),
    ("T10", lambda sound: issued_again(sound, decided=None)),
    ("T10", lambda sound: replace(issued_again(sound), reissues=[])),
    ("T10", lambda sound: credited_again(sound, by=2)),
    ("T10", lambda sound: with_its_amount(issued_again(sound), AMOUNT + 1)),
    ("T11", lambda sound: replace(sound, ledger=ledger(LedgerPay(AMOUNT + 1, 0, 0, AMOUNT, PAID_AT, REFERENCE)))),
    ("T11", lambda sound: with_seen(sound, unfit_accepted=[REFERENCE])),
    ("T12", lambda sound: replace(sound, ledger=ledger(row(), row()))),
    ("T13", as_a_debit),
    ("T14", lambda sound: paid_online(sound, state=CardPaymentState.ABANDONED)),
    ("T14", lambda sound: paid_online(sound, state=CardPaymentState.REFUNDED)),
    ("T14", lambda sound: paid_online(sound, owed=True)),
    ("T14", lambda sound: paid_online(sound, amount=AMOUNT + 1)),
    ("T14", lambda sound: paid_online(replace(sound, ledger=ledger(row(), row())))),
    ("T14", lambda sound: replace(paid_online(sound), topups=[])),
    ("T14", lambda sound: with_seen(sound, paid_online=["OP-1"])),
    ("T15", lambda sound: replace(row_lost(sound), strays=frozenset())),
]


def test_sound_evidence_violates_nothing() -> None:
    assert violated(sound()) == set()
    assert violated(issued_again(sound())) == set()
    assert violated(paid_online(sound())) == set()
    assert violated(credited_again(sound())) == set()
    assert violated(row_lost(sound())) == set()
    assert (
        violated(replace(paid_online(sound(), owed=True), topups=[], received=[], ledger=ledger(), seen=Seen()))
        == set()
    )


@pytest.mark.parametrize(("name", "put_wrong"), WRONG)
def test_what_is_put_wrong_is_found(name: str, put_wrong: Callable[[Evidence], Evidence]) -> None:
    assert name in violated(put_wrong(sound()))
