"""Accounts that share a request for their calls, and what becomes of an answer that is of no use for them."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import Account, Switch
from billing.balances.services import balances
from billing.calls.models import Call, CallDay
from billing.calls.services import request_groups
from billing.calls.services.fetching import PAUSES, POSTPONED_FOR, fetch_days
from billing.lib.redis import connection as redis
from billing.switches.models import SwitchFailure
from billing.sync.services import rounds
from billing.vos3000 import Withheld
from simulator.process import SimulatorProcess
from tests.support.call_records import UNREADABLE
from tests.support.factories import AccountFactory, CallDayFactory, MembershipFactory, SwitchFactory

NOW = datetime.now(UTC).replace(hour=12)  # so that the minutes after it are of the same day
YESTERDAY = NOW.date() - timedelta(days=1)
NOON = int(datetime(YESTERDAY.year, YESTERDAY.month, YESTERDAY.day, 12, tzinfo=UTC).timestamp() * 1000)
NUMBERS = ("C-301", "C-302", "C-303", "A-20417", "A-20418", "A-20420")
LATER = timedelta(minutes=1)


@pytest.fixture
def accounts(switch: Switch) -> list[Account]:
    members = [MembershipFactory.create(account__switch=switch, account__number=number) for number in NUMBERS]
    return [member.account for member in members]


def asked(simulator: SimulatorProcess, before: int = 0) -> list[list[str]]:
    """The numbers of the accounts whose calls were asked for, request by request."""
    bodies = [request.body or {} for request in simulator.control.received("GetCdr")]
    return [body["accounts"] for body in bodies[before:]]


def slot(switch: Switch, simulator: SimulatorProcess, number: int) -> list[list[str]]:
    """The numbers of the accounts that the slot of that minute asks for, none twice."""
    before = len(asked(simulator))
    with suppress(Withheld):
        rounds.fetch_yesterday(switch=switch, now=NOW + number * LATER)
    requests = asked(simulator, before)
    assert set(Counter(account for request in requests for account in request).values()) <= {1}
    return requests


def sizes(requests: list[list[str]]) -> list[int]:
    return [len(request) for request in requests]


def here() -> set[str]:
    return set(CallDay.objects.filter(fetched_at__isnull=False).values_list("account__number", flat=True))


def spoil(simulator: SimulatorProcess, number: str) -> None:
    simulator.control.add_call(number, "8613900000000", start=NOON, fields=UNREADABLE)


def test_a_large_account_is_asked_for_alone_and_in_the_order_given(switch: Switch, simulator: SimulatorProcess) -> None:
    small = [AccountFactory.create(switch=switch, number=number) for number in ("C-301", "A-20417")]
    large = AccountFactory.create(switch=switch, number="W-900")
    CallDayFactory.create(account=large, day=YESTERDAY - timedelta(days=1), calls=5000)
    for order in ([large, *small], [*small, large], [small[0], large, small[1]]):
        fetch_days(accounts=order, first=YESTERDAY, last=YESTERDAY, now=NOW)
    together, alone = ["C-301", "A-20417"], ["W-900"]
    assert asked(simulator) == [alone, together, together, alone, together, alone]


def test_groups_are_of_one_size(switch: Switch) -> None:
    """A small group at the end would, when it fails, make all groups as small."""
    accounts = [AccountFactory.create(switch=switch) for _ in range(52)]
    made = request_groups.groups(switch=switch, accounts=accounts, day=YESTERDAY)
    assert [len(group.accounts) for group in made] == [26, 26]
    request_groups.ask_by_halves(switch=switch, group=made[0])
    made = request_groups.groups(switch=switch, accounts=accounts[:40], day=YESTERDAY)
    assert [len(group.accounts) for group in made] == [10] * 4
    assert request_groups.groups(switch=switch, accounts=[], day=YESTERDAY) == []


@pytest.mark.parametrize("fault", ["cut_body", "non_utf8", "unlisted_code", "drop_after", "empty_after"])
@pytest.mark.parametrize("place", [0, 3])
def test_one_account_of_which_no_answer_is_of_use_keeps_the_others_out_for_some_slots_alone(
    switch: Switch, simulator: SimulatorProcess, accounts: list[Account], fault: str, place: int
) -> None:
    bad = NUMBERS[place]
    if fault == "non_utf8":
        spoil(simulator, bad)
    else:
        simulator.control.add_fault("GetCdr", fault, account=bad)
    assert slot(switch, simulator, 0) == [list(NUMBERS)]
    assert not here()
    assert not Call.objects.exists()
    first, second = list(NUMBERS[:3]), list(NUMBERS[3:])
    assert slot(switch, simulator, 1) == [first, second]
    assert here() == {*(second if bad in first else first)}
    third = slot(switch, simulator, 2)
    assert third == [[number] for number in (first if bad in first else second)]
    assert here() | {bad} == set(NUMBERS)
    assert slot(switch, simulator, 3) == []
    alone = CallDay.objects.get(account__number=bad)
    assert alone.unreadable == (fault == "non_utf8")
    if fault != "non_utf8":
        assert (alone.failures, alone.fetch_again_at) == (1, NOW + 2 * LATER + PAUSES.first)
    # Once it is found, it is asked for alone, and the others together.
    fetch_days(accounts=accounts, first=YESTERDAY, last=YESTERDAY, now=NOW)
    others = [number for number in NUMBERS if number != bad]
    assert asked(simulator)[-2:] == ([[bad], others] if place == 0 else [others, [bad]])


def test_a_group_that_is_put_off_says_why_and_waits_for_the_next_slot(
    switch: Switch, simulator: SimulatorProcess, accounts: list[Account]
) -> None:
    simulator.control.add_fault("GetCdr", "unlisted_code", count=1)
    fetched = fetch_days(accounts=accounts, first=YESTERDAY, last=YESTERDAY, now=NOW)
    assert (fetched.days, fetched.postponed, len(fetched.failures)) == (0, accounts, 6)
    rows = CallDay.objects.values_list("failure", "failed_at", "failures", "fetch_again_at").distinct()
    assert list(rows) == [(SwitchFailure.REFUSED, NOW, 0, NOW + POSTPONED_FOR)]
    assert POSTPONED_FOR < LATER


@pytest.mark.parametrize("fault", ["late_code_after", "cut_body"])
def test_a_switch_that_answers_for_two_at_once_is_asked_so_for_a_day(
    switch: Switch, simulator: SimulatorProcess, accounts: list[Account], fault: str
) -> None:
    simulator.control.add_fault("GetCdr", fault, accounts_over=2, seconds=0)
    asked_for = [sizes(slot(switch, simulator, number)) for number in range(4)]
    assert asked_for == [[6], [3, 3], [1] * 6, []]
    assert here() == set(NUMBERS)
    assert sizes(slot(switch, simulator, 30)) == [1] * 6
    (key,) = redis().keys("switch:*:accounts-at-once")
    assert 0 < redis().ttl(key) <= 24 * 3600
    redis().delete(key)  # as it ends by itself
    assert sizes(slot(switch, simulator, 60)) == [6]


def test_what_is_refused_for_a_while_comes_in_when_all_is_well_again(
    switch: Switch, simulator: SimulatorProcess, accounts: list[Account]
) -> None:
    simulator.control.add_fault("GetCdr", "unlisted_code")
    refused = [sizes(slot(switch, simulator, number)) for number in range(5)]
    assert refused == [[6], [3, 3], [1] * 6, [], []], "each account at most once in a slot, then with its back-off"
    simulator.control.clear_faults()
    assert sizes(slot(switch, simulator, 20)) == [1] * 6
    assert here() == set(NUMBERS)
    assert sizes(slot(switch, simulator, 40)) == [6]


def test_balances_are_read_while_calls_are_garbled(
    switch: Switch, simulator: SimulatorProcess, accounts: list[Account]
) -> None:
    simulator.control.add_fault("GetCdr", "cut_body")
    for number in range(4):
        slot(switch, simulator, number)
        simulator.control.pay(NUMBERS[0], Decimal(1))
        balances.refresh_all(switch=switch, now=NOW + number * LATER)
        accounts[0].refresh_from_db()
        assert accounts[0].balance == simulator.control.account(NUMBERS[0]).money
    assert sum(sizes(asked(simulator))) <= 6 * 3, "and the switch is spared"


def test_accounts_that_fail_hold_up_none_that_would_come_in(
    switch: Switch, simulator: SimulatorProcess, accounts: list[Account]
) -> None:
    """This holds however often their pages are looked at, and though five such failures end a slot."""
    bad = accounts[:5]
    Account.objects.filter(pk__in=[account.pk for account in bad]).update(viewed_at=NOW)
    for account in bad:
        simulator.control.add_fault("GetCdr", "cut_body", account=account.number)
        CallDayFactory.create(account=account, day=NOW.date() - timedelta(days=1), unreadable=1, fetched_at=NOW)
    with pytest.raises(Withheld):
        rounds.fetch_today(switch=switch, now=NOW)
    redis().flushdb()  # the breaker's pause is over
    rounds.fetch_today(switch=switch, now=NOW + LATER)
    assert CallDay.objects.filter(account=accounts[5], day=NOW.date(), fetched_at__isnull=False).exists()


def test_calls_of_no_account_that_is_missing_on_the_switch_are_asked_for(
    switch: Switch, simulator: SimulatorProcess, accounts: list[Account]
) -> None:
    gone = accounts[0]
    Account.objects.filter(pk=gone.pk).update(missing_since=NOW)
    gone.refresh_from_db()
    fetched = fetch_days(accounts=accounts, first=YESTERDAY, last=YESTERDAY, now=NOW)
    assert [(failure.account, failure.why) for failure in fetched.failures] == [(gone, SwitchFailure.ACCOUNT_GONE)]
    assert asked(simulator) == [list(NUMBERS[1:])]
    assert CallDay.objects.get(account=gone).fetched_at is None


def test_silent_accounts_come_in_however_small_the_budget(simulator: SimulatorProcess, db: None) -> None:
    """An answer without any call is checked with a second request, which waits for its turn."""
    switch = SwitchFactory.create(url=simulator.url, requests_per_second=Decimal("0.45"))
    accounts = [AccountFactory.create(switch=switch, number=number) for number in NUMBERS]
    silent = YESTERDAY - timedelta(days=200)
    fetched = fetch_days(accounts=accounts, first=silent, last=silent, now=NOW)
    assert (fetched.days, fetched.failures) == (6, [])
    assert simulator.control.stats().requests == {"GetCdr": 1, "GetCustomer": 1}


def test_silence_that_may_be_for_the_sake_of_one_that_is_gone_says_nothing_of_the_others(
    switch: Switch, simulator: SimulatorProcess
) -> None:
    gone = AccountFactory.create(switch=switch, number="X-1")
    accounts = [gone, *(AccountFactory.create(switch=switch, number=number) for number in NUMBERS[:2])]
    silent = YESTERDAY - timedelta(days=200)
    fetched = fetch_days(accounts=accounts, first=silent, last=silent, now=NOW)
    assert (fetched.days, fetched.postponed) == (0, accounts[1:])
    gone.refresh_from_db()
    assert gone.missing_since == NOW
    fetched = fetch_days(accounts=accounts, first=silent, last=silent, now=NOW)
    assert (fetched.days, [failure.account for failure in fetched.failures]) == (2, [gone])
    assert asked(simulator) == [["X-1", *NUMBERS[:2]], list(NUMBERS[:2])]
