from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Account, Switch, User
from billing.balances.services import profiles
from billing.topups.models import Source, TopUp, TopUpState
from billing.topups.services import requests as topup_requests
from simulator.process import SimulatorProcess
from tests.support.commands import Ran, run
from tests.support.factories import TopUpFactory, UserFactory
from tests.support.processes import url_of_the_test_database
from tests.support.waiting import eventually

pytestmark = pytest.mark.django_db


@pytest.fixture
def by(switch: Switch) -> User:
    return UserFactory.create(email="zoe@example.com")


def topup(account: str, amount: str, *more: str, key: str = "k1") -> Ran:
    return run("topup", "demo", account, amount, "--by", "zoe@example.com", "--key", key, "--json", *more)


def pays(simulator: SimulatorProcess) -> int:
    return len(simulator.control.received("Pay"))


def test_one_top_up_is_sent_and_reported(by: User, simulator: SimulatorProcess) -> None:
    before = simulator.control.account("C-301").money
    ran = topup("C-301", "12.50")
    row = TopUp.objects.get()
    assert ran.code == 0
    assert ran.data == {
        "reference": row.reference,
        "state": "confirmed",
        "account": "C-301",
        "amount": "12.5",
        "balance_after": f"{(before + Decimal('12.5')).normalize():f}",
    }
    assert simulator.control.account("C-301").money == before + Decimal("12.5")


def test_without_json_it_is_a_sentence(by: User) -> None:
    ran = run("topup", "demo", "C-301", "5", "--by", "ZOE@example.com", "--key", "k")
    assert (ran.code, ran.out) == (0, f"{TopUp.objects.get().reference}: 5 to C-301, confirmed\n")


def test_the_same_key_gives_the_same_answer_and_sends_nothing(by: User, simulator: SimulatorProcess) -> None:
    first = topup("C-301", "5")
    assert topup("C-301", "5.00").data == first.data
    assert pays(simulator) == 1


def test_the_same_key_for_something_else_is_bad_use(by: User, simulator: SimulatorProcess) -> None:
    topup("C-301", "5")
    assert topup("C-301", "6").code == 2
    assert topup("W-900", "5").code == 2
    assert pays(simulator) == 1


def test_a_transfer_moves_both_sides(by: User, simulator: SimulatorProcess) -> None:
    simulator.control.pay("R-100", Decimal(500))
    agent, child = (simulator.control.account(number).money for number in ("R-100", "A-20417"))
    ran = topup("A-20417", "7.25", "--from", "R-100")
    assert (ran.code, ran.data["state"]) == (0, "confirmed")
    assert simulator.control.account("R-100").money == agent - Decimal("7.25")
    assert simulator.control.account("A-20417").money == child + Decimal("7.25")


def test_a_doubtful_debit_is_what_the_transfer_reports(by: User, simulator: SimulatorProcess) -> None:
    simulator.control.pay("R-100", Decimal(500))
    simulator.control.add_fault("Pay", "drop_after", count=1)
    ran = topup("A-20417", "7.25", "--from", "R-100")
    assert (ran.code, ran.data["state"], ran.data["balance_after"]) == (1, "in_doubt", None)
    assert pays(simulator) == 1


def test_a_refusal_is_reported_with_its_reason(by: User, simulator: SimulatorProcess) -> None:
    simulator.control.add_fault("Pay", "listed_code")
    ran = topup("C-301", "5")
    assert (ran.code, ran.data["state"]) == (1, "refused")
    assert "refused it with code -10007" in ran.err


def test_a_row_that_an_earlier_run_left_is_sent(by: User, switch: Switch, simulator: SimulatorProcess) -> None:
    account = profiles.ensure(switch=switch, number="C-301", now=timezone.now())
    topup_requests.request(
        account=account,
        amount=Decimal(5),
        by=by,
        key="k1",
        source=Source.OPERATOR,
        now=timezone.now(),
        send_by_worker=False,
    )
    assert topup("C-301", "5").code == 0
    assert (TopUp.objects.count(), pays(simulator)) == (1, 1)


@pytest.mark.parametrize(
    "amount", ["0", "-5", "NaN", "Infinity", "1e3", "+5", "1,000", "0.0000001", "10000.01", "five"]
)
def test_a_bad_amount_is_bad_use_and_leaves_no_trace(by: User, simulator: SimulatorProcess, amount: str) -> None:
    ran = topup("C-301", amount)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err
    assert not TopUp.objects.exists()
    assert pays(simulator) == 0


def test_the_same_again_within_ten_minutes_must_be_meant(by: User, simulator: SimulatorProcess) -> None:
    first = topup("C-301", "5")
    again = topup("C-301", "5.00", key="k2")
    assert (again.code, again.out) == (1, "")
    assert f"{first.data['reference']}, by zoe@example.com" in again.err
    assert pays(simulator) == 1
    assert topup("C-301", "5", "--again", key="k2").code == 0
    assert pays(simulator) == 2


def test_besides_what_may_yet_arrive_it_must_be_meant(by: User, switch: Switch, simulator: SimulatorProcess) -> None:
    account = profiles.ensure(switch=switch, number="C-301", now=timezone.now())
    coming = TopUpFactory.create(account=account, amount=Decimal(7), state=TopUpState.IN_DOUBT)
    ran = topup("C-301", "5")
    assert (ran.code, ran.out) == (1, "")
    assert coming.reference in ran.err
    assert "--again" in ran.err
    assert pays(simulator) == 0
    assert topup("C-301", "5", "--again").code == 0
    assert pays(simulator) == 1


def test_more_than_a_day_allows_is_bad_use(by: User, switch: Switch, simulator: SimulatorProcess) -> None:
    Switch.objects.update(daily_limit_per_account=Decimal(8))
    assert topup("C-301", "5").code == 0
    ran = topup("C-301", "4", key="k2")
    assert (ran.code, ran.out) == (2, "")
    assert "may still be topped up by today" in ran.err
    assert pays(simulator) == 1


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["nowhere", "C-301", "5", "--by", "zoe@example.com"], "no switch called nowhere"),
        (["demo", "NOBODY", "5", "--by", "zoe@example.com"], "no account called NOBODY"),
        (["demo", "C-301", "5", "--by", "who@example.com"], "no user called who@example.com"),
        (["demo", "C-301", "5", "--by", "zoe@example.com", "--from", "R-100"], "not an account of R-100"),
    ],
)
def test_unknown_names_are_bad_use(by: User, argv: list[str], sentence: str) -> None:
    ran = run("topup", *argv, "--key", "k", "--json")
    assert ran.code == 2
    assert sentence in ran.err


def test_a_transfer_that_the_agents_balance_does_not_cover_fails(by: User, simulator: SimulatorProcess) -> None:
    simulator.control.set_money("R-100", Decimal(1))
    ran = topup("A-20417", "5000", "--from", "R-100")
    assert (ran.code, ran.out) == (1, "")
    assert "does not cover this" in ran.err
    assert not TopUp.objects.exists()


def test_an_account_that_cannot_be_looked_up_fails(by: User, simulator: SimulatorProcess) -> None:
    simulator.control.add_fault("GetCustomer", "html_403")
    assert topup("C-301", "5").code == 1
    assert not TopUp.objects.exists()


def test_resolve_looks_at_all_doubt_at_once(by: User, simulator: SimulatorProcess) -> None:
    simulator.control.add_fault("Pay", "drop_after", count=1)
    simulator.control.add_fault("Pay", "drop_before", count=1)
    assert [topup("C-301", "5", "--again", key=key).data["state"] for key in ("k1", "k2")] == ["in_doubt", "in_doubt"]
    ran = run("resolve", "demo", "--json")
    expected = {"looked_at": 2, "confirmed": 1, "in_doubt": 1, "review": 0, "failed": 0}
    assert (ran.code, ran.data) == (0, expected)


def test_resolve_fails_when_the_history_cannot_be_read(by: User, simulator: SimulatorProcess) -> None:
    simulator.control.add_fault("Pay", "drop_after", count=1)
    topup("C-301", "5")
    simulator.control.add_fault("GetPayHistory", "cut_body")
    ran = run("resolve", "demo", "--json")
    assert (ran.code, ran.data["looked_at"], ran.data["failed"]) == (1, 0, 1)


def test_resolve_of_an_unknown_switch_is_bad_use() -> None:
    assert run("resolve", "nowhere").code == 2


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_sends_what_a_page_wrote(
    worker: subprocess.Popen[bytes], by: User, switch: Switch, simulator: SimulatorProcess
) -> None:
    account: Account = profiles.ensure(switch=switch, number="C-301", now=timezone.now())
    now = timezone.now()
    topups = [
        topup_requests.request(
            account=account,
            amount=Decimal(n),
            by=by,
            key=f"k{n}",
            source=Source.OPERATOR,
            now=now,
            besides_unsettled=True,
        )
        for n in range(1, 6)
    ]
    for topup in topups:
        topup_requests.SEND_TOPUP.enqueue(topup.pk)  # delivered twice
    confirmed = TopUp.objects.filter(state=TopUpState.CONFIRMED)
    assert eventually(lambda: confirmed.count() == len(topups))
    assert pays(simulator) == len(topups)


def start(*argv: str) -> subprocess.Popen[bytes]:
    """`manage.py` in a process of its own, on the test's database."""
    environment = {**os.environ, "DATABASE_URL": url_of_the_test_database()}
    return subprocess.Popen([sys.executable, "manage.py", *argv], env=environment, stdout=subprocess.PIPE)


@pytest.mark.django_db(transaction=True)
def test_a_command_that_is_killed_while_it_waits_leaves_doubt_that_the_history_ends(
    by: User, switch: Switch, simulator: SimulatorProcess
) -> None:
    simulator.control.add_fault("Pay", "late", seconds=20, count=1)
    command = start("topup", "demo", "C-301", "5", "--by", by.email, "--key", "k1", "--json")
    assert eventually(lambda: pays(simulator) == 1)
    command.kill()
    command.communicate()
    assert TopUp.objects.get().state == TopUpState.SENDING
    # A minute later, as far as the row knows.
    TopUp.objects.update(sent_at=timezone.now() - timedelta(seconds=61))
    assert topup("C-301", "5").data["state"] == "in_doubt"
    assert run("resolve", "demo", "--json").data["confirmed"] == 1
    assert topup("C-301", "5").data["state"] == "confirmed"
    assert pays(simulator) == 1


@pytest.mark.django_db(transaction=True)
def test_four_commands_with_one_key_at_once_send_once(by: User, switch: Switch, simulator: SimulatorProcess) -> None:
    argv = ["topup", "demo", "C-301", "5", "--by", by.email, "--key", "k", "--json"]
    commands = [start(*argv) for _ in range(4)]
    answers = [(command.communicate(timeout=60)[0], command.returncode) for command in commands]
    assert {code for _, code in answers} == {0}
    assert len({json.loads(out)["reference"] for out, _ in answers}) == 1
    assert pays(simulator) == 1
