"""What cannot be used of a switch's answers is left out by name: how it is found, tried again, and shown to staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Switch
from billing.switches.models import SwitchFailure, UnusableAnswer
from billing.switches.services import asking_by_halves
from billing.switches.services.asking_by_halves import MOST_IN_A_ROW, Question
from billing.switches.services.unusable_answers import PAUSES
from billing.vos3000 import Listed, Malformed, Refused, SwitchError, Unreachable
from tests.support.factories import NOON, AccountFactory, SwitchFactory
from tests.support.logins import logged_in
from tests.support.pages import read
from tests.support.staff_pages import facts, listed
from tests.support.staffsite import full_account, list_of, page_of, staff

pytestmark = pytest.mark.django_db

OPERATION = "GetCustomer"
NUMBERS = [f"N-{number:03}" for number in range(100)]


class Asked:
    """A question whose answers are the numbers that were asked for, save those that fail."""

    def __init__(self, *bad: str, error: SwitchError | None = None) -> None:
        self.requests: list[Sequence[str]] = []
        self.bad = set(bad)
        self.error = error or Malformed(OPERATION, "cut off")

    def __call__(self, numbers: Sequence[str]) -> Listed[str]:
        self.requests.append(numbers)
        if self.bad & set(numbers):
            raise self.error
        return Listed(numbers)


def ask(switch: Switch, asked: Asked, *, minutes: int = 0, only_due: bool = False, most: int = 50) -> list[str]:
    at = NOON + timedelta(minutes=minutes)
    question = Question(switch, OPERATION, asked, at=at, only_due=only_due)
    return [row for answered in asking_by_halves.ask(question, NUMBERS, most=most) for row in answered.rows]


@pytest.mark.parametrize("bad", [("N-000",), ("N-077",), ("N-099",), ("N-011", "N-012", "N-088"), ("N-049", "N-050")])
def test_those_without_a_usable_answer_are_found_by_halving_and_the_others_are_served(bad: tuple[str, ...]) -> None:
    switch, asked = SwitchFactory.create(), Asked(*bad)
    assert sorted(ask(switch, asked)) == sorted(set(NUMBERS) - set(bad))
    assert sorted(UnusableAnswer.objects.values_list("number", flat=True)) == sorted(bad)
    assert len(asked.requests) <= 2 + 14 * len(bad)


def test_failures_in_a_row_are_few_while_the_switch_answers_at_all() -> None:
    """Five in a row pause the operation for all."""
    asked = Asked("N-000")
    ask(SwitchFactory.create(), asked)
    failed = [bool(asked.bad & set(request)) for request in asked.requests]
    assert not any(all(failed[place : place + 3]) for place in range(len(failed)))


@pytest.mark.parametrize("error", [Malformed(OPERATION, "cut off"), Refused(OPERATION, -1, "")])
def test_a_switch_that_answers_for_none_is_the_reason_itself(error: SwitchError) -> None:
    asked = Asked(*NUMBERS, error=error)
    with pytest.raises(type(error)):
        ask(SwitchFactory.create(), asked)
    assert len(asked.requests) == MOST_IN_A_ROW + 1
    assert not UnusableAnswer.objects.exists()


def test_of_few_accounts_none_is_the_reason_where_none_has_a_usable_answer() -> None:
    """Or all would have to wait for their turn once the switch answers again."""
    asked = Asked(*NUMBERS)
    with pytest.raises(Malformed):
        ask(SwitchFactory.create(), asked, most=3)
    assert len(asked.requests) == 5
    assert not UnusableAnswer.objects.exists()


def test_a_switch_that_is_not_reached_is_asked_once() -> None:
    asked = Asked(*NUMBERS, error=Unreachable(OPERATION, "no connection"))
    with pytest.raises(Unreachable):
        ask(SwitchFactory.create(), asked)
    assert len(asked.requests) == 1


def test_one_that_was_found_is_asked_for_alone_and_when_it_is_its_turn() -> None:
    switch, asked = SwitchFactory.create(), Asked("N-077")
    ask(switch, asked)
    for minutes, requests in ((0, 2), (1, 3), (2, 2), (3, 3), (4, 2)):
        asked.requests.clear()
        ask(switch, asked, minutes=minutes, only_due=True)
        assert len(asked.requests) == requests
        assert all(request == ["N-077"] or "N-077" not in request for request in asked.requests)
    row = UnusableAnswer.objects.get()
    assert (row.tries, row.since, row.next_try_at) == (3, NOON, NOON + timedelta(minutes=3) + PAUSES.pause(2))
    asked.bad.clear()
    assert sorted(ask(switch, asked, minutes=4)) == NUMBERS
    assert not UnusableAnswer.objects.exists()


def test_the_pauses_grow_up_to_a_day() -> None:
    pauses = [PAUSES.pause(tries) for tries in range(30)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(minutes=1), timedelta(days=1))


def test_what_is_noted_of_one_switch_says_nothing_of_another() -> None:
    one, other = SwitchFactory.create(), SwitchFactory.create()
    ask(one, Asked("N-077"))
    asked = Asked()
    assert sorted(ask(other, asked)) == NUMBERS
    assert len(asked.requests) == 2


def test_staff_see_which_account_is_left_out_since_when_and_why() -> None:
    account = full_account()
    client = logged_in(staff("support"))
    (row,) = listed(client.get(list_of(UnusableAnswer)))
    assert row["number"].words == account.number
    assert row["because"].words == "name holds text that is not UTF-8."
    shown = facts(client.get(page_of(UnusableAnswer.objects.get())))
    assert shown["operation"].words == "GetCustomer"
    front = read(client.get(reverse("admin:index")))
    assert any(link.address.startswith(list_of(UnusableAnswer)) for link in front.links)


def test_an_account_that_is_kept_here_is_linked() -> None:
    switch = SwitchFactory.create()
    account = AccountFactory.create(switch=switch, number="N-077")
    ask(switch, Asked("N-077", "N-078"))
    linked = dict(UnusableAnswer.objects.values_list("number", "account"))
    assert linked == {"N-077": account.pk, "N-078": None}
    assert {row.why.reason for row in UnusableAnswer.objects.all()} == {SwitchFailure.UNREADABLE}
