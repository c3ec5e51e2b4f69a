from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import Account, Switch
from billing.balances.models import Charge, Payment
from billing.calls.models import Call, CallDay, DayState
from simulator.process import SimulatorProcess

TODAY = datetime.now(UTC).date()
SINCE = str(TODAY - timedelta(days=4))


def run(*words: str) -> tuple[int, Any, str]:
    """Exit code, what was printed (read when it is JSON), and what went to standard error."""
    out, err = StringIO(), StringIO()
    code = 0
    try:
        call_command(*words, stdout=out, stderr=err)
    except SystemExit as end:
        code = int(end.code or 0)
    text = out.getvalue()
    return code, json.loads(text) if "--json" in words and text else text, err.getvalue()


def test_a_whole_switch_is_brought_up_to_date(switch: Switch, simulator: SimulatorProcess) -> None:
    code, told, err = run("sync", "demo", "--since", SINCE, "--json")
    accounts = Account.objects.filter(missing_since=None, profile_at__isnull=False).count()
    assert (code, told["failed"], err) == (0, [], "")
    assert (told["accounts"], told["days"]) == (accounts, 5 * accounts)
    assert told["calls"] == Call.objects.count() > 500
    assert (told["payments"], told["charges"]) == (Payment.objects.count(), Charge.objects.count())
    assert set(CallDay.objects.exclude(day=TODAY).values_list("state", flat=True)) == {DayState.PROVEN}
    code, again, _ = run("sync", "demo", "--since", SINCE, "--json")
    assert (code, again["payments"], again["charges"], again["calls"]) == (0, 0, 0, told["calls"])


def test_one_account_alone_is_brought_up_to_date(switch: Switch, simulator: SimulatorProcess) -> None:
    code, told, _ = run("sync", "demo", "--accounts", "A-20417", "--since", SINCE, "--until", SINCE, "--json")
    assert (code, told["accounts"], told["days"]) == (0, 1, 1)
    assert set(CallDay.objects.values_list("account__number", flat=True)) == {"A-20417"}


def test_what_fails_is_told_and_the_rest_is_done(switch: Switch, simulator: SimulatorProcess) -> None:
    simulator.control.add_fault("GetCdr", "cut_body", count=1)
    code, told, _ = run("sync", "demo", "--accounts", "A-20417", "nobody", "--since", SINCE, "--json")
    assert code == 1
    assert [(row["account"], row["day"]) for row in told["failed"]] == [("nobody", None), ("A-20417", str(TODAY))]
    assert told["days"] == 4


def test_one_account_that_cannot_be_read_keeps_none_of_the_others_out(
    switch: Switch, simulator: SimulatorProcess
) -> None:
    simulator.control.add_fault("GetCdr", "unlisted_code", account="A-20417")
    wanted = ("A-20417", "A-20418", "C-301", "C-302")
    code, told, _ = run("sync", "demo", "--accounts", *wanted, "--since", SINCE, "--until", SINCE, "--json")
    assert (code, told["days"]) == (1, 3)
    why = "The switch refused to answer."
    assert [(row["account"], row["day"], row["why"]) for row in told["failed"]] == [("A-20417", SINCE, why)]


def test_a_switch_that_is_down_is_a_failure(switch: Switch, simulator: SimulatorProcess) -> None:
    simulator.control.pause()
    try:
        assert run("sync", "demo", "--since", SINCE)[::2] == (1, "The switch cannot be reached.\n")
    finally:
        simulator.control.resume()


def test_a_small_budget_is_waited_for(switch: Switch, simulator: SimulatorProcess) -> None:
    Switch.objects.update(requests_per_second=Decimal(20))
    simulator.control.reset_stats()
    code, told, _ = run("sync", "demo", "--accounts", "A-20417", "--since", str(TODAY - timedelta(days=90)), "--json")
    assert (code, told["days"]) == (0, 91)
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
    code, printed, err = run(command, *words)
    assert (code, printed) == (2, "")
    assert sentence in err


def test_reconcile_tells_what_nothing_explains(switch: Switch, simulator: SimulatorProcess) -> None:
    run("sync", "demo", "--since", SINCE)
    code, told, _ = run("reconcile", "demo", "--since", SINCE, "--json")
    assert (code, told["cases"]) == (0, [])
    assert told["days"] > 0
    simulator.control.set_money("C-301", Decimal(100))
    run("sync", "demo", "--since", SINCE)
    before = simulator.control.account("C-301")
    code, told, _ = run("reconcile", "demo", "--accounts", "C-301", "--since", SINCE, "--json")
    (case,) = told["cases"]
    assert (code, case["account"], case["cause"]) == (0, "C-301", "balance_set")
    assert Decimal(case["difference"]) == 100 - before.explained
    assert datetime.fromisoformat(case["from"]) < datetime.fromisoformat(case["until"])
    assert run("reconcile", "demo", "--accounts", "C-301", "--since", SINCE)[1].count("C-301") == 1


def test_reconcile_knows_only_accounts_of_the_portal(switch: Switch) -> None:
    assert run("reconcile", "demo", "--accounts", "nobody")[0] == 2
