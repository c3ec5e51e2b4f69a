from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import Group
from django.http import Http404

from accounts.access import descendants, is_below, member_accounts, open_account
from accounts.actions import Action
from accounts.models import Account, Role, Switch, User
from tests.support.factories import AccountFactory, MembershipFactory, SwitchFactory, UserFactory

pytestmark = pytest.mark.django_db

OF_PAYING_IN = (Action.VOUCHER, Action.PAY_IN)
# What the account's own owners do among its members; the owner of an agent above does not.
OF_MEMBERS = {Action.MEMBERS, Action.MANAGE_MEMBERS, Action.RESEND_INVITATION}


@dataclass(frozen=True)
class Tree:
    """A grand agent above two agents, each with a customer."""

    grand: Account
    agent: Account
    sibling: Account
    child: Account
    cousin: Account


@pytest.fixture
def tree() -> Tree:
    switch: Switch = SwitchFactory.create()
    grand = AccountFactory.create(switch=switch, is_agent=True)
    agent = AccountFactory.create(switch=switch, is_agent=True, parent=grand)
    sibling = AccountFactory.create(switch=switch, is_agent=True, parent=grand)
    return Tree(
        grand=grand,
        agent=agent,
        sibling=sibling,
        child=AccountFactory.create(switch=switch, parent=agent),
        cousin=AccountFactory.create(switch=switch, parent=sibling),
    )


def member(account: Account, role: Role = Role.OWNER) -> User:
    user: User = MembershipFactory.create(account=account, role=role).user
    return user


def support(*, group: str | None = "support") -> User:
    user: User = UserFactory.create(is_staff=True)
    if group:
        user.groups.add(Group.objects.get(name=group))
    return user


def may(user: User, account: Account, action: Action = Action.VIEW) -> bool:
    try:
        open_account(user, account.public_id, action)
    except Http404:
        return False
    return True


def what_may(user: User, account: Account) -> set[Action]:
    return {action for action in Action if may(user, account, action)}


def test_a_stranger_may_nothing_with_any_account(tree: Tree) -> None:
    elsewhere = member(AccountFactory.create())
    for user, account in itertools.product([UserFactory.create(), elsewhere], vars(tree).values()):
        assert what_may(user, account) == set()


def test_a_foreign_and_an_unknown_account_say_the_same(tree: Tree) -> None:
    user = member(tree.child)
    messages = set()
    for public_id in (tree.cousin.public_id, "bcdfghjkmnpqrs", "", "x" * 500, str(tree.cousin.id), tree.cousin.number):
        with pytest.raises(Http404) as refusal:
            open_account(user, public_id)
        messages.add(str(refusal.value))
    assert len(messages) == 1


def test_an_id_that_no_database_can_hold_is_unknown(tree: Tree) -> None:
    for public_id in ("\x00", f"{tree.child.public_id}\x00", "\ud800"):
        with pytest.raises(Http404):
            open_account(member(tree.child), public_id)


def test_an_id_in_other_letters_is_unknown(tree: Tree) -> None:
    with pytest.raises(Http404):
        open_account(member(tree.child), tree.child.public_id.upper())


@pytest.mark.parametrize("role", list(Role))
def test_a_customer_sees_the_account_and_neither_agents_nor_neighbours(tree: Tree, role: Role) -> None:
    user = member(tree.child, role)
    of_owners = {*OF_PAYING_IN, *OF_MEMBERS} if role == Role.OWNER else set()
    assert what_may(user, tree.child) == {Action.VIEW, *of_owners}
    for foreign in (tree.grand, tree.agent, tree.sibling, tree.cousin):
        assert what_may(user, foreign) == set()


def test_an_owner_of_an_agent_tops_up_everything_below_it_and_not_the_agent(tree: Tree) -> None:
    user = member(tree.grand)
    own = {Action.VIEW, Action.RESELL, Action.PAY_BATCHES, *OF_PAYING_IN, *OF_MEMBERS}
    assert what_may(user, tree.grand) == own
    for agent in (tree.agent, tree.sibling):
        assert what_may(user, agent) == {Action.VIEW, Action.RESELL, Action.TOP_UP, *OF_PAYING_IN}
    for customer in (tree.child, tree.cousin):
        assert what_may(user, customer) == {Action.VIEW, Action.TOP_UP, *OF_PAYING_IN}


def test_an_agent_reaches_neither_its_sibling_nor_what_is_above(tree: Tree) -> None:
    user = member(tree.agent)
    assert what_may(user, tree.child) == {Action.VIEW, Action.TOP_UP, *OF_PAYING_IN}
    for foreign in (tree.grand, tree.sibling, tree.cousin):
        assert what_may(user, foreign) == set()


def test_a_viewer_of_an_agent_sees_what_is_below_and_pays_for_nothing(tree: Tree) -> None:
    user = member(tree.agent, Role.VIEWER)
    assert what_may(user, tree.agent) == {Action.VIEW, Action.RESELL}
    assert what_may(user, tree.child) == {Action.VIEW}


def test_the_access_names_the_account_whose_membership_gave_it(tree: Tree) -> None:
    user = member(tree.grand)
    access = open_account(user, tree.child.public_id, Action.TOP_UP)
    assert (access.via, access.role, access.as_staff) == (tree.grand, Role.OWNER, False)


def test_the_nearest_agent_pays_for_a_person_who_owns_several_above(tree: Tree) -> None:
    user = member(tree.grand)
    MembershipFactory.create(user=user, account=tree.agent)
    assert open_account(user, tree.child.public_id, Action.TOP_UP).via == tree.agent


def test_an_owner_above_counts_more_than_a_viewer_nearer_by(tree: Tree) -> None:
    user = member(tree.grand)
    MembershipFactory.create(user=user, account=tree.agent, role=Role.VIEWER)
    MembershipFactory.create(user=user, account=tree.child, role=Role.VIEWER)
    assert open_account(user, tree.child.public_id, Action.TOP_UP).via == tree.grand


def test_a_reseller_who_owns_the_customers_account_too_may_still_top_it_up(tree: Tree) -> None:
    user = member(tree.agent)
    MembershipFactory.create(user=user, account=tree.child)
    access = open_account(user, tree.child.public_id, Action.TOP_UP)
    assert (access.via, access.role) == (tree.agent, Role.OWNER)


def test_an_owner_whose_agent_knows_them_as_viewer_cannot_make_the_agent_pay(tree: Tree) -> None:
    user = member(tree.child)
    MembershipFactory.create(user=user, account=tree.agent, role=Role.VIEWER)
    assert what_may(user, tree.child) == {Action.VIEW, *OF_PAYING_IN, *OF_MEMBERS}
    assert open_account(user, tree.child.public_id).role == Role.OWNER


def test_support_sees_every_account_and_pays_for_none(tree: Tree) -> None:
    user = support()
    for account in vars(tree).values():
        assert Action.VIEW in what_may(user, account)
        assert not {Action.TOP_UP, *OF_PAYING_IN} & what_may(user, account)
        assert open_account(user, account.public_id).as_staff


def test_staff_without_the_permission_see_nothing(tree: Tree) -> None:
    assert what_may(support(group=None), tree.child) == set()


def test_the_permission_opens_nothing_to_a_person_who_is_no_staff(tree: Tree) -> None:
    user = UserFactory.create()
    user.groups.add(Group.objects.get(name="support"))
    assert what_may(user, tree.child) == set()


def test_staff_who_are_switched_off_see_nothing(tree: Tree) -> None:
    user = support()
    user.is_active = False
    user.save()
    assert what_may(User.objects.get(pk=user.pk), tree.child) == set()


def test_staff_with_an_account_of_their_own_are_members_there(tree: Tree) -> None:
    user = support()
    MembershipFactory.create(user=user, account=tree.agent)
    own = open_account(user, tree.child.public_id, Action.TOP_UP)
    assert (own.as_staff, own.via) == (False, tree.agent)
    assert open_account(user, tree.cousin.public_id).as_staff


def test_a_withdrawn_membership_opens_nothing_any_more(tree: Tree) -> None:
    user = member(tree.agent)
    member(tree.agent)  # another owner stays
    user.memberships.all().delete()
    assert what_may(user, tree.child) == set()


def test_an_account_that_moved_to_another_agent_leaves_the_old_ones_reach(tree: Tree) -> None:
    old, new = member(tree.agent), member(tree.sibling)
    tree.child.parent = tree.sibling
    tree.child.save()
    assert what_may(old, tree.child) == set()
    assert what_may(new, tree.child) == {Action.VIEW, Action.TOP_UP, *OF_PAYING_IN}


def test_an_account_that_the_switch_no_longer_knows_is_still_there_for_its_members(tree: Tree) -> None:
    tree.child.missing_since = tree.child.balance_at
    tree.child.save()
    assert may(member(tree.child), tree.child)
    assert not may(UserFactory.create(), tree.child)


def test_a_loop_among_agents_ends_and_lets_no_stranger_in(tree: Tree) -> None:
    tree.grand.parent = tree.child
    tree.grand.save()
    assert {account.pk for account in descendants(tree.agent)} == {tree.grand.pk, tree.sibling.pk, tree.child.pk} | {
        tree.cousin.pk
    }
    assert what_may(UserFactory.create(), tree.child) == set()
    assert Action.TOP_UP not in what_may(member(tree.child), tree.child)
    assert what_may(member(tree.cousin), tree.grand) == set()


def test_everything_below_an_agent_is_listed_and_nothing_else(tree: Tree) -> None:
    below = {tree.agent.pk, tree.sibling.pk, tree.child.pk, tree.cousin.pk}
    assert {account.pk for account in descendants(tree.grand)} == below
    assert {account.pk for account in descendants(tree.agent)} == {tree.child.pk}
    assert not descendants(tree.child).exists()


def test_who_is_below_whom_does_not_depend_on_depth(tree: Tree) -> None:
    assert is_below(tree.child, tree.agent)
    assert is_below(tree.child, tree.grand)
    assert not is_below(tree.child, tree.sibling)
    assert not is_below(tree.agent, tree.child)
    assert not is_below(tree.agent, tree.agent)


def test_the_members_list_holds_what_they_are_members_of_and_not_what_is_below(tree: Tree) -> None:
    user = member(tree.grand)
    MembershipFactory.create(user=user, account=tree.child)
    assert set(member_accounts(user)) == {tree.grand, tree.child}
    assert not member_accounts(UserFactory.create()).exists()
