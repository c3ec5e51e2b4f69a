"""An account keeps an owner, and nobody of the staff becomes one by their own hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse

from accounts.admin.memberships import LAST_OWNER
from accounts.admin.users import NO_OWNER
from accounts.models import AuditEntry, Membership, Role, User
from tests.support.factories import AccountFactory, MembershipFactory, UserFactory
from tests.support.logins import freshly_logged_in
from tests.support.pages import context, read
from tests.support.staffsite import list_of, page_of, staff, superuser

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.django_db

OWN = "a colleague has to do it"


@pytest.fixture
def last() -> Membership:
    membership: Membership = MembershipFactory.create(role=Role.OWNER)
    MembershipFactory.create(account=membership.account, role=Role.VIEWER)
    MembershipFactory.create(account=membership.account, role=Role.OWNER, user__is_active=False)
    return membership


def told(answer: Answer) -> list[str]:
    """What the next page tells of what was done."""
    return [str(message) for message in context(answer)["messages"]]


def delete_page(membership: Membership) -> str:
    return reverse("admin:accounts_membership_delete", args=[membership.pk])


def test_staff_neither_remove_nor_demote_the_last_owner_of_an_account(last: Membership) -> None:
    client = freshly_logged_in(staff("operator"))
    for answer in (client.get(delete_page(last)), client.post(delete_page(last), {"post": "yes"})):
        assert context(answer)["protected"] == [LAST_OWNER % {"account": last.account}]
        assert context(answer)["protected"][0] in read(answer).words
    refused = client.post(page_of(last), {"role": Role.VIEWER})
    assert context(refused)["errors"] == [[LAST_OWNER % {"account": last.account}]]
    last.refresh_from_db()
    assert last.role == Role.OWNER
    assert not AuditEntry.objects.filter(action__in=("removed", "changed")).exists()


def test_both_owners_cannot_be_removed_at_one_stroke(last: Membership) -> None:
    other = MembershipFactory.create(account=last.account, role=Role.OWNER)
    both = {"action": "delete_selected", "_selected_action": [last.pk, other.pk], "post": "yes"}
    client = freshly_logged_in(staff("operator"))
    refused = client.post(list_of(Membership), both)
    assert context(refused)["protected"] == [LAST_OWNER % {"account": last.account}]
    assert Membership.objects.filter(pk__in=[last.pk, other.pk]).count() == 2
    client.post(list_of(Membership), {**both, "_selected_action": [last.pk]})
    assert not Membership.objects.filter(pk=last.pk).exists()


def test_staff_are_told_when_the_login_that_they_close_is_the_last_owners(last: Membership) -> None:
    client, closed = freshly_logged_in(staff("operator")), {"email": last.user.email, "name": "", "time_zone": ""}
    warning = NO_OWNER % {"account": last.account}
    assert warning in told(client.post(page_of(last.user), closed, follow=True))
    last.user.refresh_from_db()
    assert not last.user.is_active
    viewer = MembershipFactory.create(account=last.account, role=Role.VIEWER).user
    answer = client.post(page_of(viewer), {**closed, "email": viewer.email}, follow=True)
    viewer.refresh_from_db()
    assert (viewer.is_active, warning in told(answer)) == (False, False)


ENDS: dict[str, Callable[[QuerySet[Membership]], object]] = {
    "deleted": lambda row: row.delete(),
    "demoted": lambda row: row.update(role=Role.VIEWER),
    "moved": lambda row: row.update(account=AccountFactory.create()),
}


@pytest.mark.parametrize("how", ENDS)
def test_the_database_holds_it_too(how: str) -> None:
    membership = MembershipFactory.create(role=Role.OWNER)
    row = Membership.objects.filter(pk=membership.pk)
    with pytest.raises(IntegrityError, match="keeps an owner"), transaction.atomic():
        ENDS[how](row)
    MembershipFactory.create(account=membership.account, role=Role.OWNER)
    assert ENDS[how](row)


def test_all_of_an_accounts_owners_in_one_statement_leave_one(last: Membership) -> None:
    with pytest.raises(IntegrityError, match="keeps an owner"), transaction.atomic():
        Membership.objects.filter(account=last.account).delete()


@pytest.mark.parametrize("who", ["operator", "superuser"])
def test_nobody_of_the_staff_lets_themselves_in(who: str) -> None:
    omar = superuser() if who == "superuser" else staff("operator")
    account = AccountFactory.create(is_agent=True)
    terms = {"user": omar.pk, "account": account.pk, "role": Role.OWNER}
    add = reverse("admin:accounts_membership_add")
    refused = freshly_logged_in(omar).post(add, terms)
    assert OWN in context(refused)["errors"][0][0]
    assert not Membership.objects.exists()
    assert freshly_logged_in(staff("operator")).post(add, terms).status_code == 302
    assert Membership.objects.get().user == omar


def test_nobody_of_the_staff_makes_themselves_more_than_they_are() -> None:
    omar: User = staff("operator")
    own = MembershipFactory.create(user=omar, role=Role.VIEWER)
    refused = freshly_logged_in(omar).post(page_of(own), {"role": Role.OWNER})
    assert OWN in context(refused)["errors"][0][0]
    own.refresh_from_db()
    assert own.role == Role.VIEWER
    assert freshly_logged_in(omar).post(delete_page(own), {"post": "yes"}).status_code == 302
    assert not Membership.objects.filter(user=omar).exists()


def test_an_account_that_never_had_an_owner_needs_none() -> None:
    viewer = MembershipFactory.create(role=Role.VIEWER, user=UserFactory.create())
    freshly_logged_in(staff("operator")).post(delete_page(viewer), {"post": "yes"})
    assert not Membership.objects.exists()
