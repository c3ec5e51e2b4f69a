"""Every filter that the form offers, alone and in pairs, in every order, of the account that has the most calls."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from zoneinfo import ZoneInfo

from django.http import QueryDict

from bench.calls.generator import RARE_CALLEE
from bench.calls.report import Findings
from bench.calls.statements import Statements
from bench.calls.timing import in_turn
from bench.calls.world import World
from billing.forms.calls import CallFilterForm
from billing.queries import history, page_sums
from billing.queries.call_filter import CallFilter, Order

ROUNDS = 5
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
    "destination": ("destination=880", "destination=3712", f"destination={NOTHING}"),
    "level": ("level=5", "level=4", "level=1"),
    "ended_by": ("ended_by=0", "ended_by=2"),
    "least_seconds": ("least_seconds=60", "least_seconds=1000000"),
    "least_fee": ("least_fee=0.01", "least_fee=1000000"),
}


def measure(world: World, findings: Findings) -> None:
    plain, rounds = _chosen(world, ""), ROUNDS if world.plan.is_full else 1
    rows, whole = _asked(world, plain)
    worst_rows = worst_whole = ("", 0.0)
    for address in _addresses():
        asked, with_sums = _asked(world, _chosen(world, address))
        took = in_turn(rounds, {"asked": asked.run, "first": rows.run, "sums": with_sums.run, "plain": whole.run})
        worst_rows = max(worst_rows, (address, took["asked"] / took["first"]), key=lambda found: found[1])
        worst_whole = max(worst_whole, (address, took["sums"] / took["plain"]), key=lambda found: found[1])
        findings.figure(f"filters: ms of SQL, ?{address}", took["asked"] * 1000)
    findings.most("any offered filter, also one that matches nothing, over the first page", worst_rows[1], 20)
    findings.most("the same with the totals beside the rows", worst_whole[1], 20)
    findings.other(f"the filter that takes longest: ?{worst_rows[0]}", worst_rows[1])
    findings.other(f"with its totals: ?{worst_whole[0]}", worst_whole[1])


def _addresses() -> Iterator[str]:
    alone = [address for addresses in SINGLE.values() for address in addresses]
    pairs = ["&".join((one[-1], other[-1])) for one, other in combinations(SINGLE.values(), 2)]
    for order in Order:
        yield from (f"{address}&order={order}" for address in ["", *alone, *pairs])


def _chosen(world: World, address: str) -> CallFilter:
    """In the whole history."""
    asked = QueryDict(f"from={world.plan.first}&{address}")
    form = CallFilterForm(asked, zone=ZONE, today=world.plan.last, currency="USD")
    chosen = form.chosen()
    assert not form.errors, form.errors
    return chosen


def _asked(world: World, chosen: CallFilter) -> tuple[Statements, Statements]:
    """For the rows, and for them with their totals."""
    account = world.largest
    rows = Statements.of(lambda: history.page(account=account, filter=chosen))
    return rows, rows + Statements.of(lambda: page_sums.sums(account=account, filter=chosen))
