from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import Account, Switch
from billing.balances.models import Charge, Payment
from billing.calls.models import Call, CallDay, DayState
from simulator.process import SimulatorProcess
from tests.support.commands import run

TODAY = datetime.now(UTC).date()
SINCE = str(TODAY - timedelta(days=4))


def test_a_whole_switch_is_brought_up_to_date(switch: Switch, simulator: SimulatorProcess) -> None:
    synced = run("sync", "demo", "--since", SINCE, "--json")
    accounts = Account.objects.filter(missing_since=None, profile_at__isnull=False).count()
    assert (synced.code, synced.data["failed"], synced.err) == (0, [], "")
    assert (synced.data["accounts"], synced.data["days"]) == (accounts, 5 * accounts)
    assert synced.data["calls"] == Call.objects.count() > 500
    assert (synced.data["payments"], synced.data["charges"]) == (Payment.objects.count(), Charge.objects.count())
    assert set(CallDay.objects.exclude(day=TODAY).values_list("state", flat=True)) == {DayState.PROVEN}
    again = run("sync", "demo", "--since", SINCE, "--json")
    assert (again.code, again.data["payments"], again.data["charges"]) == (0, 0, 0)
    assert again.data["calls"] == synced.data["calls"]


def test_one_account_alone_is_brought_up_to_date(switch: Switch, simulator: SimulatorProcess) -> None:
    synced = run("sync", "demo", "--accounts", "A-20417", "--since", SINCE, "--until", SINCE, "--json")
    assert (synced.code, synced.data["accounts"], synced.data["days"]) == (0, 1, 1)
    assert set(CallDay.objects.values_list("account__number", flat=True)) == {"A-20417"}


def test_what_fails_is_told_and_the_rest_is_done(switch: Switch, simulator: SimulatorProcess) -> None:
    simulator.control.add_fault("GetCdr", "cut_body", count=1)
    synced = run("sync", "demo", "--accounts", "A-20417", "nobody", "--since", SINCE, "--json")
    assert synced.code == 1
    failed = [(row["account"], row["day"]) for row in synced.data["failed"]]
    assert failed == [("nobody", None), ("A-20417", str(TODAY))]
    assert synced.data["days"] == 4


def test_one_account_that_cannot_be_read_keeps_none_of_the_others_out(
    switch: Switch, simulator: SimulatorProcess
) -> None:
    simulator.control.add_fault("GetCdr", "unlisted_code", account="A-20417")
    numbers = ("A-20417", "A-20418", "C-301", "C-302")
    synced = run("sync", "demo", "--accounts", *numbers, "--since", SINCE, "--until", SINCE, "--json")
    assert (synced.code, synced.data["days"]) == (1, 3)
    why = "The switch refused to answer."
    assert [(row["account"], row["day"], row["why"]) for row in synced.data["failed"]] == [("A-20417", SINCE, why)]


def test_a_switch_that_is_down_is_a_failure(switch: Switch, simulator: SimulatorProcess) -> None:
    simulator.control.pause()
    try:
        synced = run("sync", "demo", "--since", SINCE)
    finally:
        simulator.control.resume()
    assert (synced.code, synced.err.splitlines()[-1]) == (1, "The switch cannot be reached.")


def test_a_small_budget_is_waited_for(switch: Switch, simulator: SimulatorProcess) -> None:
    Switch.objects.update(requests_per_second=Decimal(20))
    simulator.control.reset_stats()
    synced = run("sync", "demo", "--accounts", "A-20417", "--since", str(TODAY - timedelta(days=90)), "--json")
    assert (synced.code, synced.data["days"]) == (0, 91)
    assert simulator.control.stats().total > 90


@pytest.mark.parametrize("command", ["sync", "reconcile"])
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nowhere",), "There is no switch called nowhere.\n"),
        (("demo", "--since", "2026-13-01"), "--since 2026-13-01 is not a day written YYYY-MM-DD.\n"),
        (("demo", "--since", "2026-10-02", "--until", "2026-10-01"), "is after --until"),
        (("demo", "--until", "2999-01-01"), "has not begun"),
        (("demo", "--since", "0001-01-01", "--until", "0001-01-02"), "is before 1970-01-01"),
    ],
)
def test_bad_use_is_a_sentence(switch: Switch, command: str, words: tuple[str, ...], sentence: str) -> None:
    refused = run(command, *words)
    assert (refused.code, refused.out) == (2, "")
    assert sentence in refused.err


def test_reconcile_tells_what_nothing_explains(switch: Switch, simulator: SimulatorProcess) -> None:
    run("sync", "demo", "--since", SINCE)
    reconciled = run("reconcile", "demo", "--since", SINCE, "--json")
    assert (reconciled.code, reconciled.data["cases"]) == (0, [])
    assert reconciled.data["days"] > 0
    simulator.control.set_money("C-301", Decimal(100))
    run("sync", "demo", "--since", SINCE)
    before = simulator.control.account("C-301")
    reconciled = run("reconcile", "demo", "--accounts", "C-301", "--since", SINCE, "--json")
    (case,) = reconciled.data["cases"]
    assert (reconciled.code, case["account"], case["cause"]) == (0, "C-301", "balance_set")
    assert Decimal(case["difference"]) == 100 - before.explained
    assert datetime.fromisoformat(case["from"]) < datetime.fromisoformat(case["until"])
    assert run("reconcile", "demo", "--accounts", "C-301", "--since", SINCE).out.count("C-301") == 1


def test_reconcile_knows_only_accounts_of_the_portal(switch: Switch) -> None:
    assert run("reconcile", "demo", "--accounts", "nobody").code == 2
