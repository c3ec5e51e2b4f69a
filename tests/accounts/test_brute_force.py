"""A person who guesses is stopped: by whom they guess at, and by where they come from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from billing.batches.services import batches
from billing.topups.models import TopUp
from tests.support.factories import NOON, AccountFactory, MembershipFactory, UserFactory
from tests.support.logins import PASSWORD
from tests.support.pages import read

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon() -> Any:
    with time_machine.travel(NOON) as clock:
        yield clock


def guess(email: str, password: str, address: str) -> bool:
    """Whether that let a person in."""
    client = Client(REMOTE_ADDR=address)
    client.post(reverse("account_login"), {"login": email, "password": password})
    return "_auth_user_id" in client.session


def test_a_password_is_guessed_at_five_times_from_wherever(noon: Any) -> None:
    user = UserFactory.create()
    for number in range(100):
        assert not guess(user.email, f"wrong {number}", f"192.0.2.{number}")
    assert not guess(user.email, PASSWORD, "198.51.100.1"), "the sixth is not even looked at"

    assert guess(UserFactory.create().email, PASSWORD, "198.51.100.1"), "no one else is kept out by that"
    noon.shift(timedelta(minutes=6))
    assert guess(user.email, PASSWORD, "198.51.100.1"), "and the person not for long"


def test_one_address_guesses_at_ten_people_a_minute() -> None:
    people = UserFactory.create_batch(12)
    for user in people[:10]:
        assert not guess(user.email, "wrong", "2001:db8::1")
    assert not guess(people[10].email, PASSWORD, "2001:db8::2"), "its network counts, not one of its addresses"
    assert guess(people[11].email, PASSWORD, "2001:db8:0:1::1")


def test_a_person_is_not_flooded_with_mails_to_reset_a_password() -> None:
    user = UserFactory.create()
    for number in range(30):
        Client(REMOTE_ADDR=f"192.0.2.{number}").post("/account/password/reset/", {"email": user.email})
    assert len(mail.outbox) == 5


def test_steps_towards_a_top_up_are_counted_by_person() -> None:
    child = AccountFactory.create(parent=AccountFactory.create(is_agent=True))
    (first, second) = (MembershipFactory.create(account=child.parent, user=UserFactory.create()).user for _ in "ab")
    page = reverse("topup_form", args=[child.public_id])
    client, other = _client(first), _client(second)
    answers = [client.post(page, {"amount": "rubbish"}).status_code for _ in range(152)]

    assert answers == [200] * 150 + [429] * 2
    assert client.post(reverse("topup_confirm", args=[child.public_id]), {"amount": "1", "key": "k"}).status_code == 429
    assert not TopUp.objects.exists()
    assert client.get(page).status_code == 200, "looking goes on"
    assert other.post(page, {"amount": "rubbish"}).status_code == 200


def test_files_are_taken_away_so_many_times_a_minute() -> None:
    agent = AccountFactory.create(is_agent=True)
    user = MembershipFactory.create(account=agent).user
    content = b"account,amount\nA-1,1\n"
    batch = batches.upload(agent=agent, by=user, file_name="many.csv", content=content, now=timezone.now()).batch
    client = _client(user)
    page = reverse("batch_results", args=[agent.public_id, batch.reference])
    answers = [client.get(page).status_code for _ in range(22)]

    assert answers == [200] * 20 + [429] * 2
    for kind in ("csv", "xlsx"):
        assert client.get(reverse("calls_file", args=[agent.public_id, kind])).status_code == 429


def test_a_form_larger_than_any_of_ours_is_refused_calmly(client: Client) -> None:
    answer = client.post("/account/login/", {"login": "x" * 300_000, "password": "y"})

    assert answer.status_code == 400
    assert read(answer).title == "That request cannot be read"


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
