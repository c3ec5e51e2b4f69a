"""Every filter that the form offers, alone and in pairs, in every order, of the account that has the most calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from zoneinfo import ZoneInfo

from django.http import QueryDict

from accounts.models import Account
from bench.calls.generator import RARE_CALLEE
from bench.calls.report import Findings
from bench.calls.statements import Statements
from bench.calls.timing import in_turn
from bench.calls.world import World
from billing.call_history.forms.filters import CallFilterForm
from billing.call_history.queries import page_totals, pages
from billing.call_history.queries.filters import CallFilter, Order
from billing.call_history.queries.page_totals import ADDED_UP
from billing.lib.periods import spans
from billing.rates.models import Rate, RateGroup
from billing.rates.queries import MOST_PREFIXES

ROUNDS, ROUNDS_AGAIN = 3, 25
LOOKED_AT_AGAIN, TOLD = 3, 5
NAMES = (
    "any offered filter, also one that matches nothing, over the first page",
    "the same with the totals beside the rows",
)
ZONE = ZoneInfo("UTC")
NOTHING = "0000000000"
# By field, as they stand in the address: some match much, some little, the last of each nothing.
SINGLE = {
    "callee": (
        "callee=8801",
        f"callee={RARE_CALLEE}&callee_match=is",
        "callee=77&callee_match=ends",
        f"callee={NOTHING}&callee_match=ends",
        f"callee={NOTHING}",
    ),
    "caller": ("caller=37160", "caller=7&caller_match=ends", f"caller={NOTHING}&caller_match=is"),
    "answered": ("answered=yes", "answered=no"),
    "destination": ("destination=880", "destination=3712", "destination=Nowhere", f"destination={NOTHING}"),
    "level": ("level=5", "level=4", "level=1"),
    "ended_by": ("ended_by=0", "ended_by=2"),
    "least_seconds": ("least_seconds=60", "least_seconds=1000000"),
    "least_fee": ("least_fee=0.01", "least_fee=1000000"),
}


@dataclass(frozen=True)
class Asked:
    """For the rows, and for them with their totals."""

    rows: Statements
    whole: Statements


def measure(world: World, findings: Findings) -> None:
    """All of them some times; then those that took longest many times, since of so many some are disturbed."""
    _name_nowhere(world.largest)
    plain, rounds = _asked(world, _chosen(world, "")), 1 if world.plan.is_short else ROUNDS
    found = {address: _compared(_asked(world, _chosen(world, address)), plain, rounds) for address in _addresses()}
    for address in sorted(found, key=lambda address: found[address][-1], reverse=True)[:TOLD]:
        findings.figure(f"filters: ms of SQL, ?{address}", found[address][-1] * 1000)
    for which, name in enumerate(NAMES):
        slowest = sorted(found, key=lambda address: found[address][which], reverse=True)[:LOOKED_AT_AGAIN]
        again = {
            address: _compared(_asked(world, _chosen(world, address)), plain, ROUNDS_AGAIN)[which]
            for address in slowest
        }
        worst = max(again, key=lambda address: again[address])
        findings.most(name, again[worst], 20)
        findings.other(f"{name}: ?{worst}", again[worst])


def _name_nowhere(account: Account) -> None:
    """As many destinations of a name as one may stand for, none of which a call was charged by."""
    account.rate_group = "nowhere"
    group = RateGroup.objects.create(switch=account.switch, name=account.rate_group)
    rates = (Rate(group=group, prefix=f"000{n}", area_name="Nowhere", fee=1, period=60) for n in range(MOST_PREFIXES))
    Rate.objects.bulk_create(rates)


def _compared(asked: Asked, plain: Asked, rounds: int) -> tuple[float, float, float]:
    """The rows' time over that of the first page, the same with the totals of both, and the rows' seconds."""
    took = in_turn(
        rounds,
        {"rows": asked.rows.run, "first": plain.rows.run, "whole": asked.whole.run, "first whole": plain.whole.run},
    )
    return took["rows"] / took["first"], took["whole"] / took["first whole"], took["rows"]


def _addresses() -> Iterator[str]:
    alone = [address for addresses in SINGLE.values() for address in addresses]
    pairs = ["&".join((one[-1], other[-1])) for one, other in combinations(SINGLE.values(), 2)]
    for order in Order:
        yield from (f"{address}&order={order}" for address in ["", *alone, *pairs])


def _chosen(world: World, address: str) -> CallFilter:
    """In the whole history."""
    asked = QueryDict(f"from={world.plan.first}&{address}")
    form = CallFilterForm(asked, account=world.largest, zone=ZONE, today=world.plan.last)
    chosen = form.chosen()
    assert not form.errors, form.errors
    return chosen


def _asked(world: World, chosen: CallFilter) -> Asked:
    account = world.largest
    rows = Statements.of(lambda: pages.page(account=account, chosen=chosen))
    edges = spans(world.plan.first, world.plan.last, ZONE).edges
    added = Statements.of(lambda: page_totals.sums(account=account, chosen=chosen, at_most=ADDED_UP, edges=edges))
    return Asked(rows, rows + added)
