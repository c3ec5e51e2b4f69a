"""Decides who may see and do what with an account. No view looks an account up in any other way."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import Http404

from accounts.actions import Action
from accounts.models import Account, Membership, Role, User

PUBLIC_ID = re.compile(r"[a-z0-9]{1,20}")

PAYMENT_ACTIONS = (Action.TOP_UP, Action.VOUCHER, Action.PAY)
# What an agent may do only where the operator has allowed it, by the field that says so.
GRANTED = {
    Action.OPEN_CUSTOMERS: "may_open_customers",
    Action.LOCK: "may_lock_customers",
    Action.SET_OVERDRAFT: "may_set_overdrafts",
    Action.SEE_MARGIN: "may_see_margin",
}


@dataclass(frozen=True, kw_only=True)
class Access:
    """What a user may do with an account. `via` is the account whose membership says so: the same or an agent above.

    `own_role` is what they are of the account itself, whatever they are of those above it.
    """

    user: User
    account: Account
    role: Role | None
    via: Account | None
    own_role: Role | None

    @property
    def as_staff(self) -> bool:
        return self.role is None

    def may(self, action: Action) -> bool:
        match action:
            case Action.VIEW:
                return True
            case Action.RESELL:
                return self.account.is_agent
            case Action.TOP_UP | Action.VOUCHER | Action.PAY:
                return self._may_pay_by(action)
            case Action.PAY_IN:
                return any(self.may(way) for way in PAYMENT_ACTIONS)
            case Action.OPEN_CUSTOMERS | Action.LOCK | Action.SET_OVERDRAFT | Action.SEE_MARGIN:
                return self._is_granted(action)
            case Action.PAY_BATCHES:
                return self.account.is_agent and self.own_role == Role.OWNER
            case Action.MEMBERS:
                return self.own_role == Role.OWNER or self.as_staff
            case Action.MANAGE_MEMBERS:
                return self.own_role == Role.OWNER
            case Action.RESEND_INVITATION:
                may_resend = self.as_staff and self.user.has_perm("accounts.resend_invitation")
                return self.own_role == Role.OWNER or may_resend

    @property
    def acting_agent(self) -> Account | None:
        """The agent directly above the account, for an owner of it; those further up leave the account to that one."""
        agent = self.via if self.role == Role.OWNER else None
        return agent if agent is not None and agent.id == self.account.parent_id else None

    def _is_granted(self, action: Action) -> bool:
        if action in (Action.LOCK, Action.SET_OVERDRAFT):
            agent = self.acting_agent
        elif self.own_role == Role.OWNER or (action == Action.SEE_MARGIN and self.as_staff):
            agent = self.account if self.account.is_agent else None
        else:
            agent = None
        return agent is not None and bool(getattr(agent, GRANTED[action]))

    def _may_pay_by(self, way: Action) -> bool:
        switch = self.account.switch
        if way == Action.PAY:
            return self.own_role == Role.OWNER and switch.online_payments and bool(settings.PAYMENT_PROVIDER)
        if way == Action.VOUCHER:
            return self.role == Role.OWNER and switch.voucher_cards
        return self.role == Role.OWNER and self.via is not None and self.via != self.account


def open_account(user: User, public_id: str, action: Action = Action.VIEW) -> Access:
    """Find the account behind an address, for what the user wants to do.

    Raises Http404, which says the same of an account that is not theirs and of one that does not exist.
    """
    account = _find(public_id)
    access = access_of(user, account) if account else None
    if access is None or not access.may(action):
        raise Http404("No such account")
    return access


def access_of(user: User, account: Account) -> Access | None:
    """Find what a user may do with an account that is known already; None: nothing."""
    line = _line(account)
    memberships = {
        m.account_id: m for m in Membership.objects.select_related("account").filter(user=user, account__in=line)
    }
    own = memberships.get(account.id)
    own_role = Role(own.role) if own else None
    # An owner anywhere above outranks a viewer nearer by. Among equals the nearest counts, and the account itself last:
    # a person who owns both it and its agent may still let the agent pay.
    for role in (Role.OWNER, Role.VIEWER):
        for account_id in (*line[1:], account.id):
            membership = memberships.get(account_id)
            if membership is not None and membership.role == role:
                return Access(user=user, account=account, role=role, via=membership.account, own_role=own_role)
    if user.is_staff and user.has_perm("accounts.view_account"):
        return Access(user=user, account=account, role=None, via=None, own_role=None)
    return None


def member_accounts(user: User) -> QuerySet[Account]:
    """The accounts that the user is a member of, not those below them."""
    return Account.objects.filter(memberships__user=user).select_related("switch").order_by("number")


def descendants(agent: Account) -> QuerySet[Account]:
    """Every account below an agent, whatever the depth, by the tree as last read from the switch."""
    return Account.objects.filter(id__in=RawSQL(_BELOW, [agent.id])).exclude(id=agent.id)  # noqa: S611  # no text of a user's


def is_below(account: Account, agent: Account) -> bool:
    return account != agent and (account.parent_id == agent.id or agent.id in _line(account))


def _find(public_id: str) -> Account | None:
    # An address may hold what PostgreSQL cannot even compare, such as a NUL.
    if not PUBLIC_ID.fullmatch(public_id):
        return None
    try:
        return Account.objects.select_related("switch", "parent").get(public_id=public_id)
    except Account.DoesNotExist:
        return None


def _line(account: Account) -> list[int]:
    """Ids of the account and the agents above it, nearest first."""
    if account.parent_id is None:
        return [account.id]
    parent = account.parent if Account.parent.is_cached(account) else None
    if parent is not None and parent.parent_id is None:
        return [account.id, parent.id]
    with connection.cursor() as cursor:
        cursor.execute(_ABOVE, [account.id])
        return [row[0] for row in cursor.fetchall()]


# UNION, not UNION ALL: a loop in the tree, which a switch might report, ends the recursion.
_BELOW = """
    WITH RECURSIVE below (id) AS (
        SELECT %s::bigint
        UNION
        SELECT child.id FROM accounts_account child JOIN below ON child.parent_id = below.id
    )
    SELECT id FROM below
"""
_ABOVE = """
    WITH RECURSIVE above (id, parent_id, depth) AS (
        SELECT id, parent_id, 0 FROM accounts_account WHERE id = %s
        UNION ALL
        SELECT agent.id, agent.parent_id, depth + 1
        FROM accounts_account agent JOIN above ON agent.id = above.parent_id
    ) CYCLE id SET looped USING path
    SELECT id FROM above WHERE NOT looped ORDER BY depth
"""
