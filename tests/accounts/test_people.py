from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import connection

from accounts.models import Account, Membership, Role, User
from accounts.queries import staff_rights
from accounts.services import memberships, people
from tests.support.factories import NOON, AccountFactory, UserFactory

PASSWORD = "quiet harbour lantern"


@pytest.mark.django_db
def test_a_user_with_a_wrong_password_is_not_made_and_an_old_one_not_changed() -> None:
    user, account = UserFactory.create(), AccountFactory.create()
    for email in (user.email, "new@example.com"):
        with pytest.raises(ValidationError):
            memberships.grant(email=email, account=account, role=Role.OWNER, now=NOON, password="12345")
    assert not Membership.objects.exists()
    assert User.objects.get().check_password("correct horse battery")


@pytest.mark.django_db
def test_a_password_like_the_address_will_not_do() -> None:
    with pytest.raises(ValidationError):
        people.ensure_user(email="marigold.lane@example.com", now=NOON, password="marigold.lane")


@pytest.mark.django_db
def test_there_is_one_address_for_mail_and_it_is_confirmed() -> None:
    user = people.ensure_user(email=" Zoe@Example.COM ", now=NOON, password=PASSWORD)
    people.ensure_user(email="zoe@example.com", now=NOON)
    address = EmailAddress.objects.get(user=user)
    assert (address.email, address.verified, address.primary) == ("zoe@example.com", True, True)


@pytest.mark.django_db(transaction=True)
def test_grants_at_the_same_moment_make_one_person_and_one_membership() -> None:
    account: Account = AccountFactory.create()

    def grant(_: int) -> None:
        memberships.grant(
            email="zoe@example.com", account=account, role=Role.OWNER, now=NOON, password=PASSWORD, staff=True
        )
        connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(grant, range(16)))
    assert Membership.objects.get().user == User.objects.get()
    assert EmailAddress.objects.count() == 1


@pytest.mark.django_db
def test_only_the_mightier_manage_and_a_person_gives_no_more_than_they_hold() -> None:
    operator, billing, customer = UserFactory.create(), UserFactory.create(), UserFactory.create()
    operator.groups.add(Group.objects.get(name="operator"))
    billing.groups.add(Group.objects.get(name="billing"))
    chief = UserFactory.create(is_superuser=True)
    assert staff_rights.may_manage(by=operator, user=customer)
    assert not staff_rights.may_manage(by=operator, user=billing)
    assert not staff_rights.may_manage(by=operator, user=chief)
    assert staff_rights.may_manage(by=chief, user=billing)
    assert {group.name for group in staff_rights.groups_to_give(operator)} == {"support", "operator"}
    assert {group.name for group in staff_rights.groups_to_give(chief)} == {"support", "operator", "billing"}
    assert not staff_rights.groups_to_give(customer).exists()
