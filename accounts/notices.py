"""Mails that tell people what was done, so that they notice what they did not do themselves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from allauth.account.adapter import get_adapter

from accounts.models import Account, Membership, Role, User


def member_joined(membership: Membership) -> None:
    """To the account's other owners."""
    others = [owner for owner in owners(membership.account) if owner != membership.user]
    _send("member_joined", others, {"membership": membership, "account": membership.account})


def role_changed(membership: Membership) -> None:
    """To whom it concerns, and to the account's owners."""
    readers = [membership.user, *owners(membership.account)]
    _send("role_changed", readers, {"membership": membership, "account": membership.account})


def member_removed(*, user: User, account: Account) -> None:
    """To whom it concerns, and to the account's owners."""
    _send("member_removed", [user, *owners(account)], {"member": user, "account": account})


def new_browser(*, user: User, device: str, address: str, now: datetime) -> None:
    _send("new_browser", [user], {"device": device, "address": address, "at": now})


def factors_forgotten(user: User) -> None:
    _send("factors_forgotten", [user], {})


def address_changed(*, before: str) -> None:
    """To the address that it was: whoever reads it might know nothing of this."""
    get_adapter().send_mails("notices/address_changed", [before], {"before": before})


def owners(account: Account) -> list[User]:
    return list(
        User.objects.filter(is_active=True, memberships__account=account, memberships__role=Role.OWNER).order_by("id")
    )


def _send(name: str, readers: Iterable[User], about: dict[str, object]) -> None:
    get_adapter().send_mails(f"notices/{name}", dict.fromkeys(reader.email for reader in readers), about)
