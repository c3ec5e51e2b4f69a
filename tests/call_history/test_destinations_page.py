"""Calls are found by the name of their destination, as the account's rates have it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.utils import timezone

from billing.calls.services import partitions
from billing.rates import queries as rates
from billing.rates.models import Rate, RateGroup
from tests.support.factories import AccountFactory, CallFactory, MembershipFactory
from tests.support.logins import logged_in
from tests.support.pages import context, read
from tests.support.raw import as_sent
from tests.support.visitors import Visitor

NOON = datetime(2026, 10, 14, 12, 0, 0, tzinfo=UTC)
DAYS = "from=2026-10-10&to=2026-10-14"
AREAS = {
    "49": "Germany",
    "4915": "Germany mobile",
    "4917": "Germany, mobile (other)",
    "227": "Niger",
    "234": "Nigeria",
    "1": "100 % 'free'",
}


@pytest.fixture
def zoe(db: None) -> Visitor:
    """Of each destination, and of one that no rate is for, there is a call."""
    partitions.ensure(months=[date(2026, 10, 1)])
    account = AccountFactory.create(rate_group="retail", balance_at=timezone.now())
    for number, prefix in enumerate([*AREAS, "999"]):
        at = NOON - timedelta(minutes=number)
        CallFactory.create(account=account, started_at=at, fee_prefix=prefix, callee=f"{prefix}000")
    user = MembershipFactory.create(account=account).user
    return Visitor(user, account, logged_in(user))


@pytest.fixture
def group(zoe: Visitor) -> RateGroup:
    group = RateGroup.objects.create(
        switch=zoe.account.switch, name="retail", read_at=timezone.now(), not_before=timezone.now() + timedelta(days=1)
    )
    other = RateGroup.objects.create(switch=zoe.account.switch, name="wholesale", read_at=timezone.now())
    for prefix, name in AREAS.items():
        Rate.objects.create(group=group, prefix=prefix, area_name=name, fee=Decimal(1), period=60)
    Rate.objects.create(group=other, prefix="999", area_name="Germany special", fee=Decimal(1), period=60)
    return group


def found(zoe: Visitor, name: str) -> list[str]:
    """The prefixes of the calls that are listed."""
    shown = zoe.client.get(zoe.page("calls/"), {"from": "2026-10-10", "to": "2026-10-14", "destination": name})
    return [call.callee.removesuffix("000") for call in shown.context["page"].calls]


@pytest.mark.parametrize(
    ("name", "prefixes"),
    [
        ("Germany", ["49", "4915", "4917"]),
        ("  germany   MOBILE ", ["4915"]),
        ("Germ", ["49", "4915", "4917"]),
        ("Niger", ["227"]),
        ("nige", ["227", "234"]),
        ("100 % 'f", ["1"]),
        ("49", ["49", "4915", "4917"]),
        ("+49 15", ["4915"]),
    ],
)
def test_a_destination_is_found_by_its_name_or_its_code(
    zoe: Visitor, group: RateGroup, name: str, prefixes: list[str]
) -> None:
    assert found(zoe, name) == prefixes


def test_a_file_has_the_same_calls(zoe: Visitor, group: RateGroup) -> None:
    rows = zoe.client.get(f"{zoe.page('calls/csv/')}?{DAYS}&destination=Germany+mobile").getvalue().decode()
    assert re.findall(r'"(\d+)000",60,', rows) == ["4915"]
    page = read(zoe.client.get(f"{zoe.page('exports/')}?{DAYS}&destination=Germany+mobile")).words
    assert "Destination: Germany mobile" in page


def test_what_is_called_like_no_destination_is_told(zoe: Visitor, group: RateGroup) -> None:
    page = read(zoe.client.get(f"{zoe.page('calls/')}?{DAYS}&destination=Atlantis")).words
    assert "Nothing in your rates has this name, so calls of every destination are shown." in page
    assert len(found(zoe, "Atlantis")) == len(AREAS) + 1


def test_a_name_of_too_many_codes_is_told(zoe: Visitor, group: RateGroup) -> None:
    with patch.object(rates, "MOST_PREFIXES", 2):
        assert len(found(zoe, "Germany")) == len(AREAS) + 1
        page = read(zoe.client.get(f"{zoe.page('calls/')}?{DAYS}&destination=Germany")).words
        assert "That stands for more than" in page
        assert found(zoe, "Germany mobile") == ["4915"]


def test_names_that_are_not_known_yet_are_asked_for(zoe: Visitor) -> None:
    zoe.client.head(f"{zoe.page('calls/')}?{DAYS}&destination=Germany")
    assert not RateGroup.objects.exists()
    assert len(found(zoe, "Germany")) == len(AREAS) + 1
    assert RateGroup.objects.get(name="retail").asked_at is not None
    page = read(zoe.client.get(f"{zoe.page('calls/')}?{DAYS}&destination=Germany")).words
    assert "The names in your rates are not known yet (look again in a moment, or write the code)" in page


def names(zoe: Visitor) -> list[str]:
    """The name of each call's destination, row by row, as the page has it."""
    answer = zoe.client.get(f"{zoe.page('calls/')}?{DAYS}")
    given, items = context(answer), read(answer).items
    found = [(call.callee, given["destinations"].get(call.fee_prefix, "")) for call in given["page"].calls]
    for callee, name in found:
        assert any(callee in item and name in item for item in items), (callee, name)
    return [name for _, name in found]


def test_each_call_names_its_destination_where_the_rates_do(zoe: Visitor, group: RateGroup) -> None:
    Rate.objects.filter(prefix="227").update(area_name="")
    zoe.account.refresh_from_db()
    assert names(zoe) == ["Germany", "Germany mobile", "Germany, mobile (other)", "", "Nigeria", "100 % 'free'", ""]
    assert "Germany mobile" in read(zoe.client.get(zoe.page())).words


def test_names_are_those_of_the_accounts_own_rates(zoe: Visitor, group: RateGroup) -> None:
    type(zoe.account).objects.update(rate_group="wholesale")
    assert names(zoe) == [""] * len(AREAS) + ["Germany special"]
    type(zoe.account).objects.update(rate_group="")
    assert set(names(zoe)) == {""}


def test_a_list_without_names_asks_for_the_rates(zoe: Visitor) -> None:
    assert set(names(zoe)) == {""}
    group = RateGroup.objects.get(name="retail")
    assert group.asked_at is not None
    # Until they may be read again, further looks leave it at that.
    with patch("billing.rates.services.of_account") as asked:
        assert set(names(zoe)) == {""}
        asked.assert_not_called()
        RateGroup.objects.update(not_before=timezone.now())
        names(zoe)
        asked.assert_called_once()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("ger", ["Germany", "Germany mobile", "Germany, mobile (other)"]),
        ("g", []),
        ("49", []),
        ("x" * 200, []),
        ("a\0b", []),
        ("Atlantis", []),
    ],
)
def test_names_are_offered_while_one_is_typed(zoe: Visitor, group: RateGroup, typed: str, offered: list[str]) -> None:
    answer = zoe.client.get(zoe.page("calls/destinations/"), {"destination": typed})
    assert answer.context["names"] == offered
    assert re.findall(r'value="([^"]*)"', as_sent(answer.content)) == offered
