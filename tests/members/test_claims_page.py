"""Claiming an account: what shows control, that every failure looks alike, and that guessing is stopped."""

from __future__ import annotations

import logging
import re
import sys
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, AuditAction, AuditEntry, ClaimPhrase, Invitation, Switch, User
from billing.balances.services import profiles
from billing.members import services as members
from simulator.process import SimulatorProcess
from tests.support.commands import run
from tests.support.factories import UserFactory
from tests.support.logins import freshly_logged_in
from tests.support.pages import context, read
from tests.support.raw import as_sent
from tests.support.staffsite import page_of, staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("transactional_db")]

CLAIM = "/account/claim/"
LINK = re.compile(r"https?://[^/\s]+(/account/invitation/\S+)")


@pytest.fixture
def account(switch: Switch) -> Account:
    Switch.objects.update(claim_by_phrase=True, claim_by_phone=True)
    return profiles.ensure(switch=switch, number="A-20417", now=timezone.now())


@pytest.fixture
def phone(simulator: SimulatorProcess) -> dict[str, Any]:
    """One of the account's, as the switch tells of it."""
    answer = requests.post(f"{simulator.url}/external/server/GetPhone", json={"accounts": ["A-20417"]}, timeout=5)
    found: dict[str, Any] = answer.json()["infoPhones"][0]
    return found


def say(client: Client, **proof: str) -> str:
    """Claim, and return the answer without the token that each form has of its own."""
    claim = {"switch": "demo", "number": "A-20417", "email": "zoe@example.com", **proof}
    answer = client.post(CLAIM, claim)
    return f"{answer.status_code} {re.sub(r'value=.[A-Za-z0-9]{64}.', '', as_sent(answer.content))}"


def addresses(client: Client, place: str) -> set[str]:
    """Where the links of a page lead."""
    return {link.address for link in read(client.get(place)).links}


def test_a_phrase_earns_an_invitation_once(account: Account, client: Client) -> None:
    phrase = members.place_phrase(account=account, now=timezone.now())
    assert say(client, phrase=phrase.upper()).startswith("200 ")
    link = LINK.search(str(mail.outbox[0].body))
    assert link is not None
    client.get(link[1])
    client.post("/account/invitation/join/", {"name": "Zoë", "password": "quiet harbour lantern"})
    membership = User.objects.get(email="zoe@example.com").memberships.get()
    assert (membership.account, membership.role) == (account, "owner")
    assert AuditEntry.objects.filter(account=account, action=AuditAction.CLAIMED).count() == 1
    say(Client(), phrase=phrase, email="eve@example.com")
    assert [message.to for message in mail.outbox] == [["zoe@example.com"]]


def test_a_phrase_counts_also_beside_a_phone_that_was_only_begun(account: Account, client: Client) -> None:
    say(client, phrase=members.place_phrase(account=account, now=timezone.now()), phone="4420")
    assert len(mail.outbox) == 1


def test_a_claim_that_failed_is_on_record_without_what_was_said(account: Account, client: Client) -> None:
    say(client, phrase="bcdf-bcdf-bcdf-bcdf")
    say(client, number="A-99999", phone="4420", password="web-guessed")
    of_account, of_none = AuditEntry.objects.filter(action=AuditAction.CLAIM_FAILED).order_by("id")
    assert (of_account.account, of_account.text, of_account.address) == (account, "by a phrase", "127.0.0.1")
    assert (of_none.account, of_none.text) == (None, "by a phone's password")
    for entry in (of_account, of_none):
        assert not re.search("bcdf|A-99999|4420|guessed|zoe@", str(vars(entry)))


def test_the_claim_is_offered_where_it_is_allowed_alone(account: Account, client: Client) -> None:
    someone = Client()
    someone.force_login(UserFactory.create())
    pages = [(client, "/account/login/"), (someone, "/")]
    for visitor, page in pages:
        assert CLAIM in addresses(visitor, page)
    run("switch", "demo", account.switch.url, "--no-claim-by-phrase", "--no-claim-by-phone")
    for visitor, page in pages:
        assert CLAIM not in addresses(visitor, page)
    run("switch", "demo", account.switch.url, "--claim-by-phone")
    account.switch.refresh_from_db()
    assert (account.switch.claim_by_phrase, account.switch.claim_by_phone) == (False, True)


def test_an_operator_places_a_phrase_that_is_shown_once(account: Account, client: Client) -> None:
    operator, add = freshly_logged_in(staff("operator")), reverse("admin:accounts_claimphrase_add")
    assert f"{add}?account={account.pk}" in addresses(operator, page_of(account))
    page = operator.post(add, {"account": account.pk})
    assert "no-store" in page["Cache-Control"]
    phrase = context(page)["phrase"]
    assert re.fullmatch(r"[a-z0-9]{4}(-[a-z0-9]{4}){3}", phrase)
    assert phrase in read(page).words
    assert phrase.encode() not in operator.get(page_of(ClaimPhrase.objects.get())).content
    placed = AuditEntry.objects.get(action=AuditAction.ADDED, subject_type="accounts.claimphrase")
    assert (placed.account, placed.role) == (account, "operator")
    say(client, phrase=phrase)
    assert len(mail.outbox) == 1


def test_a_member_of_staff_claims_no_account(account: Account, client: Client) -> None:
    operator = staff("operator")
    phrase = members.place_phrase(account=account, now=timezone.now(), by=operator)
    say(client, phrase=phrase, email=operator.email.upper())
    assert not mail.outbox
    assert AuditEntry.objects.filter(action=AuditAction.CLAIM_FAILED, account=account).exists()


def test_no_phrase_is_placed_that_would_do_nothing(account: Account) -> None:
    Switch.objects.update(claim_by_phrase=False)
    add = reverse("admin:accounts_claimphrase_add")
    operator = freshly_logged_in(staff("operator"))
    refused = context(operator.post(add, {"account": account.pk}))["adminform"].form
    assert len(refused.errors["account"]) == 1
    assert not [address for address in addresses(operator, page_of(account)) if address.startswith(add)]
    assert not ClaimPhrase.objects.exists()


def test_only_a_digest_of_the_phrase_is_kept(account: Account) -> None:
    phrase = members.place_phrase(account=account, now=timezone.now())
    kept = ClaimPhrase.objects.get()
    assert phrase.replace("-", "") not in str(vars(kept))
    members.place_phrase(account=account, now=timezone.now())
    assert not ClaimPhrase.objects.filter(pk=kept.pk).exists()


def test_a_phones_password_for_web_queries_earns_an_invitation(
    account: Account, phone: dict[str, Any], client: Client
) -> None:
    say(client, phone=phone["e164"], password=phone["customerPassword"])
    assert mail.outbox[0].to == ["zoe@example.com"]
    assert Invitation.objects.get().source == Invitation.Source.CLAIM


def test_every_failure_is_answered_like_a_success_and_does_nothing(
    account: Account, phone: dict[str, Any], simulator: SimulatorProcess
) -> None:
    phrase = members.place_phrase(account=account, now=timezone.now())
    number, password = phone["e164"], phone["customerPassword"]
    other = profiles.ensure(switch=account.switch, number="A-20418", now=timezone.now())
    late = members.place_phrase(account=other, now=timezone.now() - members.LIFETIME - timedelta(minutes=1))
    wrong = [
        {"phrase": "bcdf-bcdf-bcdf-bcdf"},
        {"phrase": phrase, "number": "A-20418"},
        {"phrase": late, "number": "A-20418"},
        {"phrase": phrase, "number": "A-99999"},
        {"phone": number, "password": "web-guessed"},
        {"phone": number, "password": phone["password"]},  # the one that it registers with
        {"phone": number, "password": password, "number": "A-20418"},
        {"phone": "442000000000", "password": password},
    ]
    answers = {
        say(Client(REMOTE_ADDR=f"192.0.2.{n}"), **{**proof, "email": f"p{n}@example.com"}).replace(f"p{n}@", "@")
        for n, proof in enumerate(wrong, 1)
    }
    assert len(answers) == 1
    assert not mail.outbox
    assert not Invitation.objects.exists()
    right = say(Client(REMOTE_ADDR="192.0.2.99"), phone=number, password=password, number="A-20417").replace(
        "zoe@", "@"
    )
    assert answers == {right}


@pytest.mark.parametrize("allowed", ["claim_by_phrase", "claim_by_phone"])
def test_only_what_the_operator_allows_counts(account: Account, phone: dict[str, Any], allowed: str) -> None:
    Switch.objects.update(claim_by_phrase=False, claim_by_phone=False)
    Switch.objects.update(**{allowed: True})
    offered = {field.name for field in read(Client().get(CLAIM)).fields.values()}
    assert offered & {"phrase", "phone", "password"} == (
        {"phrase"} if allowed == "claim_by_phrase" else {"phone", "password"}
    )
    if allowed == "claim_by_phrase":
        say(Client(), phone=phone["e164"], password=phone["customerPassword"])
    else:
        say(Client(), phrase=members.place_phrase(account=account, now=timezone.now()))
    assert not mail.outbox


def test_where_nothing_is_allowed_there_is_no_such_page(switch: Switch, client: Client) -> None:
    assert client.get(CLAIM).status_code == 404
    assert client.post(CLAIM, {"number": "A-20417"}).status_code == 404


def test_a_switch_that_does_not_answer_looks_like_a_wrong_password(account: Account, client: Client) -> None:
    Switch.objects.update(url="http://127.0.0.1:9")
    assert say(client, phone="442079460000", password="web-guessed").startswith("200 ")


def test_what_was_said_is_in_no_log(
    account: Account, phone: dict[str, Any], client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    phrase = members.place_phrase(account=account, now=timezone.now())
    say(client, phrase=phrase)
    say(client, phone=phone["e164"], password=phone["customerPassword"], email="other@example.com")
    for secret in (phrase, phrase.replace("-", ""), phone["customerPassword"], phone["password"]):
        assert secret not in caplog.text
        assert secret not in str(list(AuditEntry.objects.values()))


def test_guessing_one_account_is_stopped_from_however_many_places(account: Account) -> None:
    codes = [
        say(Client(REMOTE_ADDR=f"192.0.2.{n}"), phrase="bcdf-bcdf-bcdf-bcdf", email=f"p{n}@example.com")[:3]
        for n in range(1, 31)
    ]
    assert codes == ["200"] * 5 + ["429"] * 25
    sys.stdout.write("Claims of one account, 30 guesses from 30 addresses: 5 looked at, 25 refused.\n")


def test_guessing_from_one_place_is_stopped_whatever_is_guessed(account: Account, client: Client) -> None:
    codes = [
        say(client, phrase="bcdf-bcdf-bcdf-bcdf", number=f"A-{n}", email=f"p{n}@example.com")[:3] for n in range(30)
    ]
    assert codes == ["200"] * 20 + ["429"] * 10


def test_a_phrase_is_printed_for_the_operator(switch: Switch) -> None:
    Switch.objects.update(claim_by_phrase=True)
    ran = run("phrase", "demo", "A-20417", "--json")
    assert (ran.code, set(ran.data)) == (0, {"account", "phrase", "expires"})
    assert say(Client(), phrase=ran.data["phrase"])[:3] == "200"
    assert mail.outbox[0].to == ["zoe@example.com"]
