"""Keeps an owner on every account that has one, who may invite, change and remove. The database keeps it too."""

from __future__ import annotations

from collections.abc import Collection

from accounts.models import Account, Membership, Role


class LastOwner(Exception):
    """The account would be left without an owner who may invite, change and remove."""


def lock(account: Account) -> None:
    """Lock the account until the transaction ends: two owners cannot remove each other at the same moment."""
    Account.objects.select_for_update().get(pk=account.pk)


def keep_one(membership: Membership) -> None:
    """Raises LastOwner when the end of this membership would leave no owner. It is sure only under `lock`."""
    if orphaned([membership]):
        raise LastOwner


def orphaned(memberships: Collection[Membership]) -> list[Account]:
    """The accounts that the end of all of these memberships would leave without an owner."""
    ending = Membership.objects.filter(pk__in=[one.pk for one in memberships])
    accounts = {one.account_id: one.account for one in ending.filter(role=Role.OWNER).select_related("account")}
    # A person who cannot log in any more looks after nothing.
    staying = Membership.objects.filter(account__in=accounts, role=Role.OWNER, user__is_active=True)
    kept = set(staying.exclude(pk__in=ending.values("pk")).values_list("account", flat=True))
    return [account for pk, account in accounts.items() if pk not in kept]
