from __future__ import annotations

from decimal import Decimal

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.core import mail
from django.urls import reverse

from accounts.models import Account, Membership, Role, Switch, User
from tests.support.factories import AccountFactory, MembershipFactory, SwitchFactory, UserFactory
from tests.support.logins import freshly_logged_in, logged_in, show_password
from tests.support.mails import sent_mails
from tests.support.staffsite import full_account, list_of, page_of, staff, superuser

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db: None) -> Account:
    return full_account()


def person(email: str = "new@example.com", **more: object) -> dict[str, object]:
    return {"email": email, "name": "", "time_zone": "", "is_active": "on", **more}


def test_an_operator_makes_a_person_without_a_password_and_sends_the_mail(db: None) -> None:
    client = freshly_logged_in(staff("operator"))
    client.post(reverse("admin:accounts_user_add"), person("New@Example.com"))
    user = User.objects.get(email="new@example.com")
    assert not user.has_usable_password()
    client.post(list_of(User), {"action": "send_password_mail", "_selected_action": [user.pk]})
    assert mail.outbox[0].to == ["new@example.com"]
    assert "/account/password/reset/key/" in mail.outbox[0].body


def test_one_address_is_one_person_in_any_case_of_letters(db: None) -> None:
    UserFactory.create(email="new@example.com")
    page = freshly_logged_in(staff("operator")).post(reverse("admin:accounts_user_add"), person("NEW@example.com"))
    assert page.status_code == 200
    assert page.context["errors"]


def test_a_changed_address_is_the_only_one_that_mail_goes_to(db: None) -> None:
    user = UserFactory.create(email="old@example.com")
    freshly_logged_in(staff("operator")).post(page_of(user), person("new@example.com"))
    assert [row.email for row in EmailAddress.objects.filter(user=user)] == ["new@example.com"]


def test_an_operator_makes_no_person_mightier_than_they_are(db: None) -> None:
    by, user = staff("operator"), UserFactory.create()
    billing = Group.objects.get(name="billing")
    body = person(user.email, is_staff="on", is_superuser="on", groups=[billing.pk])
    assert freshly_logged_in(by).post(page_of(user), body).status_code == 200
    support = Group.objects.get(name="support")
    freshly_logged_in(by).post(page_of(user), {**body, "groups": [support.pk]})
    user.refresh_from_db()
    assert (user.is_staff, user.is_superuser, list(user.groups.all())) == (True, False, [support])


def test_an_operator_changes_no_person_mightier_than_they_are(db: None) -> None:
    client = freshly_logged_in(staff("operator"))
    for user in (superuser(), staff("billing")):
        assert client.get(page_of(user)).status_code == 200
        assert client.post(page_of(user), person("mine@example.com")).status_code == 403
        client.post(list_of(User), {"action": "send_password_mail", "_selected_action": [user.pk]})
    assert mail.outbox == []


def test_an_operator_lets_in_again_who_lost_phone_and_codes(db: None) -> None:
    lost, mighty = UserFactory.create(), superuser()
    for user in (lost, mighty):
        Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    body = {"action": "forget_factors", "_selected_action": [lost.pk, mighty.pk]}
    freshly_logged_in(staff("support")).post(list_of(User), body)
    assert Authenticator.objects.count() == 2
    freshly_logged_in(staff("operator")).post(list_of(User), body)
    assert [left.user for left in Authenticator.objects.all()] == [mighty]


@pytest.mark.usefixtures("transactional_db")
def test_people_hear_of_what_staff_change_of_their_login() -> None:
    client, user = freshly_logged_in(staff("operator")), UserFactory.create(email="old@example.com")
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    client.post(list_of(User), {"action": "forget_factors", "_selected_action": [user.pk]})
    client.post(page_of(user), person("old@example.com", name="Nia"))
    client.post(page_of(user), person("new@example.com"))
    assert [(message.to, message.subject) for message in sent_mails()] == [
        (["old@example.com"], "Your second factor was removed"),
        (["old@example.com"], "Your e-mail address was changed"),
    ]
    assert "old@example.com opens nothing any more" in str(mail.outbox[1].body)
    assert "new@example.com" not in str(mail.outbox[1].body)


@pytest.mark.usefixtures("transactional_db")
def test_owners_hear_of_members_that_staff_add_change_and_remove() -> None:
    client, user = freshly_logged_in(staff("operator")), UserFactory.create(email="nia@example.com")
    account = MembershipFactory.create(user__email="olga@example.com").account
    client.post(reverse("admin:accounts_membership_add"), {"user": user.pk, "account": account.pk, "role": Role.VIEWER})
    membership = Membership.objects.get(user=user)
    client.post(page_of(membership), {"role": Role.OWNER})
    client.post(list_of(Membership), {"action": "delete_selected", "_selected_action": [membership.pk], "post": "yes"})
    assert not Membership.objects.filter(user=user).exists()
    subjects = [str(message.subject) for message in sent_mails() if message.to == ["olga@example.com"]]
    told = ("A new member of {}", "A member of {} has another role", "A member of {} was removed")
    assert subjects == [sentence.format(account.number) for sentence in told]


def test_no_filter_lets_staff_guess_a_password_hash(db: None) -> None:
    guess = freshly_logged_in(staff("support")).get(list_of(User), {"password__startswith": "pbkdf2"})
    assert guess.status_code == 400


def test_a_time_zone_that_does_not_exist_is_refused(db: None) -> None:
    user, client = UserFactory.create(), freshly_logged_in(staff("operator"))
    for zone in ("Mars/Olympus", "../etc"):
        assert client.post(page_of(user), person(user.email, time_zone=zone)).status_code == 200
    client.post(page_of(user), person(user.email, time_zone="Asia/Shanghai"))
    user.refresh_from_db()
    assert user.time_zone == "Asia/Shanghai"


def test_an_operator_lets_a_person_see_an_account_and_ends_it_again(account: Account) -> None:
    client, user = freshly_logged_in(staff("operator")), UserFactory.create()
    requested = {"user": user.pk, "account": account.pk, "role": Role.VIEWER}
    client.post(reverse("admin:accounts_membership_add"), requested)
    membership = Membership.objects.get(user=user)
    client.post(page_of(membership), {"role": Role.OWNER, "account": AccountFactory.create().pk})
    membership.refresh_from_db()
    assert (membership.role, membership.account) == (Role.OWNER, account)
    client.post(reverse("admin:accounts_membership_delete", args=[membership.pk]), {"post": "yes"})
    assert not Membership.objects.filter(user=user).exists()


def switch_form(switch: Switch, **changes: object) -> dict[str, object]:
    page = freshly_logged_in(superuser()).get(page_of(switch))
    form = page.context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    shown = {name: "" if value is None else value for name, value in values.items()}
    refusals = ",".join(str(code) for code in switch.sure_refusals)
    return {**shown, "sure_refusals": refusals, **changes}


def test_an_operator_changes_a_switch_but_not_the_file_it_is_sent(db: None) -> None:
    switch = SwitchFactory.create(extra_body_file="/etc/portal/body.json")
    form = switch_form(switch, topup_limit="500", extra_body_file="/etc/passwd")
    switch.extra_body_file = ""
    switch.save()
    assert freshly_logged_in(staff("operator")).post(page_of(switch), form).status_code == 302
    switch.refresh_from_db()
    assert (switch.topup_limit, switch.extra_body_file) == (Decimal(500), "")


@pytest.mark.parametrize(
    "change", [{"fingerprint": "abc"}, {"suffix": "/.."}, {"url": "http://a:b@c.example"}, {"time_zone": "Mars"}]
)
def test_a_switch_that_could_not_be_asked_is_not_saved(db: None, change: dict[str, str]) -> None:
    switch = SwitchFactory.create()
    page = freshly_logged_in(staff("operator")).post(page_of(switch), switch_form(switch, **change))
    assert page.status_code == 200
    assert page.context["errors"]


def test_the_calendar_and_currency_of_a_switch_in_use_stay(account: Account) -> None:
    switch = account.switch
    form = switch_form(switch, time_zone="Asia/Shanghai", currency="CNY")
    freshly_logged_in(staff("operator")).post(page_of(switch), form)
    switch.refresh_from_db()
    assert (switch.time_zone, switch.currency) == ("UTC", "USD")


def test_who_gets_in_and_by_what_is_changed_only_after_a_fresh_login(account: Account) -> None:
    user, other = UserFactory.create(email="old@example.com"), UserFactory.create()
    membership = MembershipFactory.create(user=user, account=account, role=Role.VIEWER)
    client, actions = logged_in(staff("operator")), {"_selected_action": [user.pk]}
    tries = [
        (page_of(user), person("mine@example.com")),
        (reverse("admin:accounts_user_add"), person("new@example.com")),
        (list_of(User), {**actions, "action": "forget_factors"}),
        (list_of(User), {**actions, "action": "send_password_mail"}),
        (reverse("admin:accounts_membership_add"), {"user": other.pk, "account": account.pk, "role": Role.OWNER}),
        (page_of(membership), {"role": Role.OWNER}),
        (reverse("admin:accounts_membership_delete", args=[membership.pk]), {"post": "yes"}),
    ]
    for page, fields in tries:
        assert client.post(page, fields)["Location"].startswith("/account/reauthenticate/"), page
    user.refresh_from_db()
    membership.refresh_from_db()
    assert (user.email, membership.role, User.objects.filter(email="new@example.com").exists()) == (
        *("old@example.com", Role.VIEWER),
        False,
    )
    assert not sent_mails()
    show_password(client)
    assert client.post(page_of(user), person("young@example.com"))["Location"] == list_of(User)
