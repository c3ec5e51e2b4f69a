"""An account that has an owner keeps one: somebody who may invite, change and remove. The database holds it too."""

from __future__ import annotations

from collections.abc import Collection

from accounts.models import Account, Membership, Role


class LastOwner(Exception):
    """Nobody would be left who may invite, change and remove."""


def hold(account: Account) -> None:
    """Until the transaction ends: two owners who remove each other at the same moment do so one after the other."""
    Account.objects.select_for_update().get(pk=account.pk)


def keep_one(membership: Membership) -> None:
    """Raises LastOwner when this one's end would leave none. It is sure only while `hold` holds."""
    if orphaned([membership]):
        raise LastOwner


def orphaned(memberships: Collection[Membership]) -> list[Account]:
    """The accounts that the end of all of these would leave without an owner."""
    ending = Membership.objects.filter(pk__in=[one.pk for one in memberships])
    accounts = {one.account_id: one.account for one in ending.filter(role=Role.OWNER).select_related("account")}
    # Whoever cannot log in any more looks after nothing.
    staying = Membership.objects.filter(account__in=accounts, role=Role.OWNER, user__is_active=True)
    kept = set(staying.exclude(pk__in=ending.values("pk")).values_list("account", flat=True))
    return [account for pk, account in accounts.items() if pk not in kept]
