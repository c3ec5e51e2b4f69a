from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.access import GRANTED
from accounts.models import Account, Membership, Role
from billing.balances.services import profiles
from billing.customers.models import ChangeKind, ChangeReason, ChangeState, CustomerChange
from billing.customers.services import invitations, sending
from simulator.process import SimulatorProcess
from tests.support.factories import MembershipFactory, UserFactory
from tests.support.logins import logged_in
from tests.support.pages import Page, context, read
from tests.support.visitors import Visitor


@pytest.fixture(autouse=True)
def granted(mara: Visitor) -> None:
    Account.objects.filter(pk=mara.account.pk).update(**dict.fromkeys(GRANTED.values(), True))
    profiles.refresh_children(agent=mara.account, now=timezone.now())


def just_logged_in(visitor: Visitor) -> None:
    visitor.client.post("/account/reauthenticate/", {"password": "correct horse battery"})


def page(who: Visitor, place: str) -> Page:
    return read(who.client.get(place))


def addresses(who: Visitor, place: str) -> set[str]:
    """Where the links of a page lead."""
    return {link.address for link in page(who, place).links}


def carry_out() -> CustomerChange:
    change = CustomerChange.objects.latest("pk")
    return sending.carry_out(change_id=change.pk, now=timezone.now())


def body(number: str = "N-77", **more: str) -> dict[str, str]:
    opened = {"number": number, "name": "New Shop", "rate_group": "Retail", "overdraft": "0", "email": "", "key": "k"}
    return {**opened, **more}


def test_a_reseller_locks_and_unlocks_a_customer(mara: Visitor, zoe: Visitor) -> None:
    place = zoe.page("lock/")
    assert place in addresses(mara, zoe.page())
    asked = mara.client.get(place)
    assert read(asked).title == "Lock this account?"
    form = context(asked)["form"]
    answer = mara.client.post(place, {"locked": form["locked"].value(), "key": form["key"].value()})
    change = carry_out()
    assert answer["Location"] == mara.page(f"customers/changes/{change.reference}/")
    shown = mara.client.get(answer["Location"])
    assert context(shown)["change"].state == ChangeState.DONE
    assert read(shown).link("To the account") == zoe.page()
    assert context(zoe.client.get(zoe.page()))["account"].is_locked
    overview = zoe.client.get(zoe.page())
    assert context(overview)["account"].is_locked
    assert len(read(overview).notes) == 1
    assert page(mara, zoe.page()).link("Unlock it") == place
    assert page(mara, place).title == "Unlock this account?"


def test_a_customer_sees_no_way_to_lock_itself(zoe: Visitor) -> None:
    offered = addresses(zoe, zoe.page())
    assert zoe.page("lock/") not in offered
    assert zoe.page("overdraft/") not in offered
    assert zoe.client.get(zoe.page("lock/")).status_code == 404


def test_a_viewer_of_the_agent_only_looks(mara: Visitor, zoe: Visitor) -> None:
    MembershipFactory.create(account=mara.account)  # another owner stays
    Membership.objects.filter(user=mara.user).update(role=Role.VIEWER)
    for place in (zoe.page("lock/"), zoe.page("overdraft/"), mara.page("customers/open/")):
        assert mara.client.get(place).status_code == 404
    assert mara.client.get(mara.page("customers/changes/")).status_code == 200


def test_a_reseller_sets_an_overdraft_within_its_own(mara: Visitor, zoe: Visitor) -> None:
    place = zoe.page("overdraft/")
    assert context(mara.client.get(place))["largest_overdraft"] == 440
    for refused in ("440.01", "", "-5", "1,234", "lots"):
        field = read(mara.client.post(place, {"overdraft": refused, "key": "k"})).fields["Overdraft"]
        assert (field.value, bool(field.error)) == (refused, True)
    assert "440 USD" in read(mara.client.post(place, {"overdraft": "440.01", "key": "k"})).fields["Overdraft"].error
    answer = mara.client.post(place, {"overdraft": "25.50", "key": "k"})
    assert carry_out().state == ChangeState.DONE
    assert answer.status_code == 302
    zoe.account.refresh_from_db()
    assert zoe.account.overdraft == Decimal("25.5")


def test_a_large_overdraft_wants_a_fresh_login(mara: Visitor, zoe: Visitor) -> None:
    switch = mara.account.switch
    switch.fresh_login_above = Decimal(20)
    switch.save()
    answer = mara.client.post(zoe.page("overdraft/"), {"overdraft": "21", "key": "k"})
    assert "/reauthenticate/" in answer["Location"]
    assert not CustomerChange.objects.exists()
    just_logged_in(mara)
    answer = mara.client.post(zoe.page("overdraft/"), {"overdraft": "21", "key": "k"})
    assert "/customers/changes/" in answer["Location"]


def test_a_reseller_opens_an_account_and_its_owner_comes_in(mara: Visitor, mailoutbox: list[object]) -> None:
    place = mara.page("customers/open/")
    assert "/reauthenticate/" in mara.client.get(place)["Location"]
    just_logged_in(mara)
    assert place in addresses(mara, mara.page("customers/"))
    assert mara.client.get(place).status_code == 200
    answer = mara.client.post(place, body(email="new@example.com"))
    again = mara.client.post(place, body(email="new@example.com"))
    assert answer["Location"] == again["Location"]
    assert context(mara.client.get(answer["Location"]))["invited"] == (
        "new@example.com is invited once the account is there."
    )
    assert carry_out().state == ChangeState.DONE
    invitations.send_due(now=timezone.now() + timedelta(seconds=5))
    shown = mara.client.get(answer["Location"])
    assert context(shown)["invited"] == "new@example.com is invited and has not come yet."
    assert context(shown)["invited"] in read(shown).words
    account = Account.objects.get(number="N-77")
    assert mara.page(account=account) in addresses(mara, mara.page("customers/"))
    assert len(mailoutbox) == 1


def test_what_is_wrong_stands_beside_its_field(mara: Visitor) -> None:
    just_logged_in(mara)
    place = mara.page("customers/open/")
    for field, wrong in {
        "number": "a b",
        "name": "",
        "email": "nobody",
        "rate_group": "Secret",
        "overdraft": "x",
        "key": "",
    }.items():
        answer = mara.client.post(place, body() | {field: wrong})
        assert answer.status_code == 200
        assert field in context(answer)["form"].errors
    taken = read(mara.client.post(place, body("A-20417"))).fields["Account number"]
    assert (taken.value, taken.error) == ("A-20417", ChangeReason.NUMBER_TAKEN.words("A-20417"))
    assert not CustomerChange.objects.exists()


def test_which_numbers_there_are_cannot_be_tried_out(mara: Visitor) -> None:
    just_logged_in(mara)
    answers = [mara.client.post(mara.page("customers/open/"), body("A-20417", key=str(n))) for n in range(31)]
    assert [answer.status_code for answer in answers[29:]] == [200, 429]


def test_an_outcome_in_doubt_is_told_honestly(mara: Visitor, zoe: Visitor, simulator: SimulatorProcess) -> None:
    simulator.control.add_fault("ModifyCustomer", "drop_after", count=1)
    answer = mara.client.post(zoe.page("lock/"), {"locked": "1", "key": "k"})
    carry_out()
    shown = mara.client.get(answer["Location"])
    assert context(shown)["change"].state == ChangeState.IN_DOUBT
    assert len(read(shown).notes) == 1
    assert b"data-polls" in shown.content
    asked = mara.client.get(zoe.page("lock/"))
    assert context(asked)["under_way"] == CustomerChange.objects.get()
    assert read(asked).link("See it") == answer["Location"]
    second = mara.client.post(zoe.page("lock/"), {"locked": "1", "key": "k2"})
    assert ChangeReason.UNDER_WAY.words() in read(second).notes


def test_whom_an_agent_invites_is_not_told_to_those_above_it(mara: Visitor) -> None:
    above = logged_in(MembershipFactory.create(account__switch=mara.account.switch, account__is_agent=True).user)
    top = Membership.objects.latest("pk").account
    Account.objects.filter(pk=mara.account.pk).update(parent=top)
    change = CustomerChange.objects.create(
        agent=mara.account,
        kind=ChangeKind.OPEN,
        number="N-1",
        name="New",
        overdraft=0,
        email="new@example.com",
        requested_by=mara.user,
        key="k",
        requested_at=timezone.now(),
        deadline=timezone.now(),
        next_step_at=timezone.now(),
    )
    place = mara.page(f"customers/changes/{change.reference}/")
    assert "new@example.com" in read(mara.client.get(place)).words
    assert b"new@example.com" not in above.get(place).content


def test_staff_look_and_change_nothing(mara: Visitor, zoe: Visitor) -> None:
    sam = UserFactory.create(is_staff=True)
    sam.user_permissions.add(Permission.objects.get(codename="view_account"))
    client = logged_in(sam)
    assert client.get(mara.page("customers/changes/")).status_code == 200
    for place in (zoe.page("lock/"), zoe.page("overdraft/"), mara.page("customers/open/")):
        assert client.get(place).status_code == 404
        assert client.post(place).status_code == 404
