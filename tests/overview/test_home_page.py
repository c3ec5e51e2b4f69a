from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.support.factories import AccountFactory, MembershipFactory, UserFactory
from tests.support.logins import logged_in
from tests.support.pages import context, read
from tests.support.visitors import Visitor


def test_one_account_is_opened_at_once(zoe: Visitor) -> None:
    answer = zoe.client.get("/")
    assert (answer.status_code, answer["Location"]) == (302, zoe.page())


def test_several_accounts_are_listed_with_their_balances(zoe: Visitor) -> None:
    other = AccountFactory.create(switch=zoe.account.switch, name="Second Line", balance="12.5")
    MembershipFactory.create(user=zoe.user, account=other)
    answer = zoe.client.get("/")
    listed = [account.name for account, _, _ in context(answer)["lines"]]
    assert sorted(listed) == ["Second Line", "Zoë Chen"]
    for name, item in zip(listed, read(answer).items[-2:], strict=True):
        assert name in item
        assert name != "Second Line" or "$12.50" in item


def test_the_charges_of_another_day_are_not_listed_as_todays(zoe: Visitor) -> None:
    now = timezone.now()
    for name, read_at in {"Fresh": now, "Stale": now - timedelta(days=1)}.items():
        account = AccountFactory.create(switch=zoe.account.switch, name=name, today_charges="3.21", today_at=read_at)
        MembershipFactory.create(user=zoe.user, account=account)
    answer = zoe.client.get("/")
    charged = {account.name: today for account, _, today in context(answer)["lines"]}
    assert (charged["Fresh"], charged["Stale"]) == (Decimal("3.21"), None)
    (item,) = (item for item in read(answer).items if "$3.21" in item)
    assert "Fresh" in item


def test_no_account_is_told_kindly(db: None) -> None:
    answer = logged_in(UserFactory.create()).get("/")
    assert context(answer)["lines"] == []
    assert read(answer).title == "No account yet"


def test_support_without_an_account_comes_to_the_desk(sam: Visitor) -> None:
    assert sam.client.get("/")["Location"] == reverse("admin:index")


def test_a_visitor_who_is_not_logged_in_comes_back_after_the_login(zoe: Visitor) -> None:
    answer = Client().get(zoe.page("calls/"))
    assert answer["Location"] == f"/account/login/?next={zoe.page('calls/')}"
    assert read(Client().get(answer["Location"])).title == "Log in"
    credentials = {"login": zoe.user.email, "password": "correct horse battery", "next": zoe.page("calls/")}
    assert Client().post("/account/login/", credentials)["Location"] == zoe.page("calls/")


def test_a_fragment_asked_for_after_logging_out_sends_the_browser_to_the_login(zoe: Visitor) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{zoe.page('calls/')}?number=44"}
    answer = Client().get(zoe.page(), headers=headers)
    assert answer["HX-Redirect"].startswith("/account/login/?next=")
    assert "number%3D44" in answer["HX-Redirect"]


def test_a_fragment_of_a_page_that_has_no_address_leads_to_the_login_and_home(zoe: Visitor) -> None:
    answer = Client().get(zoe.page(), headers={"HX-Request": "true", "HX-Current-URL": "http://["})
    assert answer["HX-Redirect"] == "/account/login/?next=/"


def test_a_form_sent_after_logging_out_goes_to_the_login_and_back_to_its_page(zoe: Visitor) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post(zoe.page("topup/"), {"amount": "5"})
    assert answer["Location"] == f"/account/login/?next={zoe.page('topup/')}"


def test_a_form_of_an_older_session_says_so_and_leads_back(zoe: Visitor) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(zoe.user)
    answer = client.post("/account/password/change/", {})
    assert answer.status_code == 403
    assert "Nothing was sent" in read(answer).words


@pytest.mark.parametrize(
    ("page", "place", "current"),
    [
        ("", "Overview", "page"),
        ("balance/", "Overview", "true"),
        ("calls/", "Calls", "page"),
        ("exports/", "Calls", "true"),
        ("statements/", "Payments", "true"),
    ],
)
def test_the_menu_tells_in_which_place_a_page_lies(zoe: Visitor, page: str, place: str, current: str) -> None:
    assert read(zoe.client.get(zoe.page(page))).section("Main").current == {place: current}
