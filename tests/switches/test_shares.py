"""Shares of a switch's budget: a minute of work on a moved clock, counted request by request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

import pytest

from billing.lib.redis import connection
from billing.switches.services.budget import LEAST_SHARES, SwitchAdmission, Work
from billing.vos3000 import Withheld

PER_SECOND = 2
MINUTE = 60
TICK = 0.1
# What 200 accounts ask for in a minute: pages; balances, payments and charges of each every five minutes, and of the
# 30 that are watched every minute; calls, fifty accounts at once; reports; 35 days of newly granted accounts.
DEMAND = {Work.PEOPLE: 40, Work.MONEY: 1 + 80 + 60, Work.CALLS: 12, Work.PROOFS: 8, Work.BACK_FILL: 200}


def minute(demand: Mapping[Work, int], *, burst_of: Work | None = None) -> Counter[Work]:
    """Count the requests that go through of each kind, of work that waits its turn; one kind may ask before others."""
    at = 1_000_000.0
    admissions = {
        work: SwitchAdmission(
            redis=connection(),
            switch_id=1,
            requests_per_second=Decimal(PER_SECOND),
            work=work,
            clock=lambda: at,
        )
        for work in demand
    }
    went: Counter[Work] = Counter()
    first = [burst_of] if burst_of else []
    order = [*first, *(work for work in demand if work not in first)]
    for _ in range(int(MINUTE / TICK)):
        for work in order:
            while went[work] < demand[work] and _is_let_through(admissions[work]):
                went[work] += 1
        at += TICK
    return went


def _is_let_through(admission: SwitchAdmission) -> bool:
    try:
        admission.admit("GetCustomer")
    except Withheld:
        return False
    return True


@pytest.mark.parametrize("first", Work)
def test_each_kind_of_work_has_its_least_share_whichever_asks_first(first: Work) -> None:
    went = minute(DEMAND, burst_of=first)
    for work, share in LEAST_SHARES.items():
        assert went[work] >= min(DEMAND[work], int(share * PER_SECOND * MINUTE) - 1), work
    assert PER_SECOND * MINUTE - 4 <= went.total() <= PER_SECOND * (MINUTE + 8)


def test_people_come_first_and_what_is_left_over_goes_to_money_before_the_back_fill() -> None:
    went = minute(DEMAND)
    assert went[Work.PEOPLE] == DEMAND[Work.PEOPLE]
    assert went[Work.CALLS] == DEMAND[Work.CALLS]
    assert went[Work.PROOFS] == DEMAND[Work.PROOFS]
    assert went[Work.MONEY] > 2 * went[Work.BACK_FILL]


@pytest.mark.parametrize("work", Work)
def test_work_that_is_alone_may_use_all_of_the_budget(work: Work) -> None:
    went = minute({work: 1000})
    assert PER_SECOND * (MINUTE - 1) <= went[work] <= PER_SECOND * (MINUTE + 4)


@pytest.mark.parametrize("hog", Work)
def test_no_kind_of_work_starves_another(hog: Work) -> None:
    for other in Work:
        if other is not hog:
            connection().flushdb()
            went = minute({hog: 1000, other: 1000}, burst_of=hog)
            assert went[other] >= int(LEAST_SHARES[other] * PER_SECOND * MINUTE) - 1, other


def test_the_first_slot_of_a_back_fill_leaves_a_burst_to_what_is_more_urgent() -> None:
    at = 1_000_000.0

    def burst(work: Work) -> int:
        asking = SwitchAdmission(
            redis=connection(), switch_id=1, requests_per_second=Decimal(2), work=work, clock=lambda: at
        )
        return sum(_is_let_through(asking) for _ in range(35))

    assert burst(Work.BACK_FILL) == 3
    assert burst(Work.MONEY) == 3
    assert burst(Work.PEOPLE) == 2
