"""People choose in which time zone they read times."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.forms.time_zone import choices
from accounts.models import AuditEntry, User
from billing.calls.services import partitions
from tests.support.factories import CallFactory, MembershipFactory, UserFactory
from tests.support.pages import context, read

PAGE = "/account/time-zone/"
NIGHT = datetime(2026, 7, 1, 22, 15, tzinfo=UTC)


@pytest.fixture
def client(db: None) -> Client:
    client = Client()
    client.force_login(MembershipFactory.create().user)
    return client


@pytest.fixture
def user(client: Client) -> User:
    return User.objects.get(pk=client.session["_auth_user_id"])


def test_the_zone_that_is_chosen_is_that_of_the_calls_their_totals_and_their_files(client: Client, user: User) -> None:
    account = user.memberships.get().account
    partitions.ensure(months=[NIGHT.date()])
    CallFactory.create(account=account, started_at=NIGHT)
    place = f"/a/{account.public_id}/calls/"
    days = "?from=2026-07-02&to=2026-07-02"
    assert context(client.get(place + days))["totals"].calls == 0

    answer = client.post(PAGE, {"time_zone": "Asia/Kolkata"}, follow=True)
    assert len(read(answer).notes) == 1
    user.refresh_from_db()
    assert user.time_zone == "Asia/Kolkata"
    page = client.get(place + days)
    assert "03:45" in read(page).words
    assert context(page)["totals"].calls == 1
    assert "2026-07-02 03:45:00" in client.get(f"{place}csv/{days}").getvalue().decode()


def test_the_choice_is_noted_once(client: Client, user: User) -> None:
    for _ in range(2):
        client.post(PAGE, {"time_zone": "Europe/Berlin"})
    (entry,) = AuditEntry.objects.filter(subject_type="accounts.user", action="changed")
    assert entry.changes == {"time_zone": ["", "Europe/Berlin"]}
    user.refresh_from_db()
    assert user.time_zone == "Europe/Berlin"


def test_the_switchs_own_can_be_chosen_again(client: Client, user: User) -> None:
    client.post(PAGE, {"time_zone": "Europe/Berlin"})
    client.post(PAGE, {"time_zone": ""})
    user.refresh_from_db()
    assert user.time_zone == ""


@pytest.mark.parametrize("wrong", ["Mars/Olympus", "localtime", "../../etc/passwd", "x" * 500])
def test_what_is_no_zone_is_told_beside_the_field_and_changes_nothing(client: Client, user: User, wrong: str) -> None:
    answer = client.post(PAGE, {"time_zone": wrong})
    assert read(answer).fields["Show times in"].error == "Choose one of these."
    user.refresh_from_db()
    assert user.time_zone == ""


def test_a_zone_that_an_operator_set_stays_until_another_is_chosen(client: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(time_zone="US/Eastern")
    assert read(client.get(PAGE)).fields["Show times in"].value == "US/Eastern"


def test_places_are_offered_with_how_far_their_clocks_are_now() -> None:
    offered = dict(choices(now=NIGHT))
    assert ("Europe/Berlin", "Berlin (UTC+02:00)") in offered["Europe"]
    assert ("America/Argentina/Buenos_Aires", "Argentina, Buenos Aires (UTC-03:00)") in offered["America"]
    winter = dict(choices(now=datetime(2026, 1, 1, tzinfo=UTC)))
    assert ("Europe/Berlin", "Berlin (UTC+01:00)") in winter["Europe"]


def test_a_visitor_without_a_login_chooses_no_time_zone(db: None) -> None:
    other = UserFactory.create()
    answer = Client().post(PAGE, {"time_zone": "Europe/Berlin"})
    assert answer.status_code == 302
    other.refresh_from_db()
    assert other.time_zone == ""
