"""Finds the accounts that a request means."""

from collections.abc import Sequence
from enum import IntEnum

from simulator.records import Account
from simulator.refusals import not_found
from simulator.state import State


class OwnerType(IntEnum):
    ACCOUNT = 2
    PHONE = 6
    PHONE_CARD = 11
    BOUND_NUMBER = 25
    MAPPING_GATEWAY = 44


_RESOURCES = {
    OwnerType.PHONE: "Phone",
    OwnerType.PHONE_CARD: "ActivePhoneCard",
    OwnerType.BOUND_NUMBER: "BindedE164",
    OwnerType.MAPPING_GATEWAY: "GatewayMapping",
}


def account_named(state: State, name: str) -> Account:
    account = state.ledger.find(name)
    if account is None:
        raise not_found()
    return account


def owner(state: State, name: str, owner_type: int) -> Account:
    """Find the account of a thing of that type and name. Raises Refusal when there is none."""
    kind = OwnerType(owner_type)
    if kind is OwnerType.ACCOUNT:
        return account_named(state, name)
    row = state.tables.of(_RESOURCES[kind]).get(name)
    if row is None:
        raise not_found()
    return account_named(state, row.get("account", ""))


def known_accounts(state: State, names: Sequence[str]) -> list[Account]:
    """Find those of `names` that exist, each once. Raises Refusal when none does."""
    found = [account for name in dict.fromkeys(names) if (account := state.ledger.find(name))]
    if not found:
        raise not_found()
    return found


def account_or_children(state: State, account: str | None, agent: str | None) -> list[Account]:
    """Find one account, or the direct children of an agent."""
    if account:
        return [account_named(state, account)]
    if agent:
        return state.ledger.children(account_named(state, agent).account)
    raise not_found()
