from __future__ import annotations

import re

import pytest
from django.core import mail
from django.template.loader import render_to_string
from django.test import Client, override_settings

from accounts.models import User
from tests.support.factories import UserFactory
from tests.support.pages import read
from tests.support.visitors import Visitor

LINK = re.compile(r"https?://[^/\s]+(/account/\S+)")


@pytest.fixture
def person(db: None) -> User:
    user: User = UserFactory.create(email="zoe@example.com")
    return user


def test_a_forgotten_password_is_replaced_by_a_link_in_the_mail(person: User) -> None:
    client = Client()
    client.post("/account/password/reset/", {"email": "ZOE@example.com"})
    message = mail.outbox[0]
    assert message.subject == "Choose a new password"
    link = LINK.search(str(message.body))
    assert link is not None
    page = client.get(link[1], follow=True)
    assert read(page).title == "Choose a new password"
    chosen = {"password1": "a new long password", "password2": "a new long password"}
    done = client.post(page.redirect_chain[-1][0], chosen, follow=True)
    assert read(done).title == "Your password is changed"
    assert Client().login(email="zoe@example.com", password="a new long password")
    assert read(Client().get(link[1], follow=True)).title == "This link no longer works"


@override_settings(PUBLIC_URL="https://portal.example.com", ALLOWED_HOSTS=[".example.com"])
def test_the_link_in_the_mail_leads_to_the_portals_own_address(person: User) -> None:
    Client(headers={"Host": "evil.example.com"}).post("/account/password/reset/", {"email": "zoe@example.com"})
    assert "https://portal.example.com/account/password/reset/key/" in str(mail.outbox[0].body)
    assert "evil" not in str(mail.outbox[0].body)


def test_an_unknown_address_gets_the_same_page_and_a_mail_that_says_so(db: None) -> None:
    answer = Client().post("/account/password/reset/", {"email": "nobody@example.com"}, follow=True)
    assert read(answer).title == "Look into your mail"
    assert "There is no login under this address" in str(mail.outbox[0].body)


def test_a_wrong_password_is_told_without_saying_which_part_was_wrong(person: User) -> None:
    told = [
        read(Client().post("/account/login/", {"login": email, "password": "wrong"})).notes
        for email in ("zoe@example.com", "nobody@example.com")
    ]
    assert told == [["The email address and/or password you specified are not correct."]] * 2


def test_logging_out_leads_to_the_login(zoe: Visitor) -> None:
    assert zoe.client.post("/account/logout/")["Location"] == "/account/login/"
    assert zoe.client.get(zoe.page()).status_code == 302


def test_nobody_signs_up_by_themselves(db: None) -> None:
    page = read(Client().get("/account/signup/"))
    assert (page.title, page.fields, page.buttons) == ("You cannot sign up here", {}, [])


@pytest.mark.parametrize("page", ["login/", "logout/", "password/reset/", "password/change/", "email/"])
def test_every_page_of_the_login_has_the_portals_design(zoe: Visitor, page: str) -> None:
    markup = zoe.client.get(f"/account/{page}", follow=True).content
    assert b"portal/tokens.css" in markup
    assert b" style=" not in markup


@pytest.mark.parametrize("page", ["400.html", "500.html"])
def test_pages_for_the_worst_need_nothing(page: str) -> None:
    assert "<h1>" in render_to_string(page)


def test_after_too_many_tries_from_one_place_a_page_says_to_wait(db: None) -> None:
    for number in range(31):
        answer = Client().post("/account/login/", {"login": f"{number}@example.com", "password": "wrong"})
    assert answer.status_code == 429
    assert read(answer).title == "Too many tries"


@pytest.mark.parametrize("nowhere", ["http://[", "//example.org/", "/\\example.org", "javascript:alert(1)"])
def test_a_login_leads_nowhere_else(person: User, nowhere: str) -> None:
    assert Client().get("/account/login/", {"next": nowhere}).status_code == 200
    credentials = {"login": person.email, "password": "correct horse battery", "next": nowhere}
    assert Client().post("/account/login/", credentials)["Location"] == "/"
