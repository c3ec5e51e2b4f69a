from __future__ import annotations

from dataclasses import dataclass
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from billing.balances.services.balance_chain import BOOKED_WITHIN, Chain, Flow, Stated

SLACK = 3600 * 1_000_000
HOUR = 3600 * 1_000_000
END = 10**15


@dataclass
class Happened:
    """A call when `is_call`, else a payment or charge, `gap` microseconds after what happened before."""

    gap: int
    is_call: bool
    amount: int


gaps = st.sampled_from([0, 0, 1000, 1_000_000, 70_000_000, HOUR, 5 * HOUR])
happenings = st.lists(st.builds(Happened, gaps, st.booleans(), st.integers(1, 10**8)), max_size=40)


def chain_of(happened: list[Happened], missing: int | None = None) -> Chain:
    """The chain of a ledger in which these things happened, without the record of the call at place `missing`."""
    at, balance, at_once = 10**12, 0, 0
    calls, bookings = Flow(), []
    for place, one in enumerate(happened):
        # Of three payments at one instant the balances tell the order; of a call among them they need not.
        follows_a_call = place > 0 and happened[place - 1].is_call
        at_once = at_once + 1 if one.gap == 0 else 0
        at += one.gap if at_once < 3 and not one.is_call and not follows_a_call else max(one.gap, 1000)
        balance += -one.amount if one.is_call else one.amount
        if not one.is_call:
            bookings.append(Stated(at, balance, one.amount))
        elif place != missing:
            calls.add(at, one.amount)
    Random(1).shuffle(bookings)
    return Chain(bookings=bookings, calls=calls, readings=[], reading_slack=SLACK)


@given(happenings)
def test_what_really_happened_has_no_gap(happened: list[Happened]) -> None:
    chain = chain_of(happened)
    chain.find_gaps(0, END)
    assert chain.gaps == []


@given(happenings, st.integers(1000, 10**8), happenings)
def test_a_missing_record_between_balances_is_found_with_its_fee(
    before: list[Happened], fee: int, after: list[Happened]
) -> None:
    balance = [Happened(HOUR, is_call=False, amount=7), Happened(HOUR, is_call=False, amount=7)]
    lost = Happened(HOUR, is_call=True, amount=fee)
    paid_only = [one for one in before if not one.is_call] + balance
    later = balance + [one for one in after if not one.is_call]
    chain = chain_of([*paid_only, lost, *later], missing=len(paid_only))
    chain.find_gaps(0, END)
    (gap,) = chain.gaps
    assert gap.difference == -fee
    closing = chain.balance_before(END)
    assert closing == sum(one.amount for one in paid_only + later) - fee


def test_a_fee_booked_a_moment_after_the_payment_is_no_gap() -> None:
    calls = Flow()
    calls.add(10 * HOUR, 300)
    beside_the_call = 10 * HOUR + BOOKED_WITHIN // 2
    bookings = [Stated(HOUR, 1000, 1000), Stated(beside_the_call, 1500, 500), Stated(20 * HOUR, 1700, 500)]
    chain = Chain(bookings=bookings, calls=calls, readings=[], reading_slack=SLACK)
    chain.find_gaps(0, END)
    assert chain.gaps == []


def test_a_reading_by_another_clock_is_no_gap() -> None:
    calls = Flow()
    for hour in range(2, 20):
        calls.add(hour * HOUR, 100 + hour)
    readings = [Stated(10 * HOUR + HOUR // 2, 1000 - calls.between(0, 10 * HOUR))]
    bookings = [Stated(HOUR, 1000, 1000), Stated(21 * HOUR, 1500 - calls.sums[-1], 500)]
    chain = Chain(bookings=bookings, calls=calls, readings=readings, reading_slack=SLACK)
    chain.find_gaps(0, END)
    assert chain.gaps == []


def test_a_chain_of_readings_alone_finds_what_is_missing() -> None:
    calls = Flow()
    calls.add(10 * HOUR, 100)
    readings = [Stated(HOUR, 1000), Stated(5 * HOUR, 1000), Stated(20 * HOUR, 850), Stated(30 * HOUR, 850)]
    chain = Chain(bookings=[], calls=calls, readings=readings, reading_slack=SLACK)
    chain.find_gaps(0, END)
    (gap,) = chain.gaps
    assert (gap.begin, gap.end, gap.difference) == (5 * HOUR, 20 * HOUR, -50)


def test_without_a_stated_balance_nothing_is_known() -> None:
    chain = Chain(bookings=[], calls=Flow(), readings=[], reading_slack=SLACK)
    chain.find_gaps(0, END)
    assert (chain.gaps, chain.balance_before(HOUR)) == ([], None)


def test_gaps_within_one_instant_are_one() -> None:
    bookings = [
        Stated(HOUR, 1000, 1000),
        *(Stated(5 * HOUR, balance, 5) for balance in (1500, 2900, 4000, 5700, 7000, 9900)),
    ]
    chain = Chain(bookings=bookings, calls=Flow(), readings=[], reading_slack=SLACK)
    chain.find_gaps(0, END)
    assert [(gap.begin, gap.end) for gap in chain.gaps] == [(HOUR, 5 * HOUR), (5 * HOUR, 5 * HOUR)]
    assert sum(gap.difference for gap in chain.gaps) == 9900 - 1000 - 6 * 5
