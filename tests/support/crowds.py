"""Many accounts at once, on the simulator and here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from accounts.models import Account, Membership, Role, Switch
from billing.switches.services.clients import client
from billing.vos3000.operations.customers import create_customer
from simulator.process import SimulatorProcess
from tests.support.factories import AccountFactory, UserFactory


def followed_accounts(
    switch: Switch, simulator: SimulatorProcess, numbers: Sequence[str], *, read_at: datetime
) -> list[Account]:
    """Open these accounts on the switch, and give each a member here; their profiles and balances were read then."""
    with client(switch) as asking:
        for number in numbers:
            create_customer(asking, account=number, name=f"{number} Ltd", agent="R-100", overdraft=Decimal(5))
    at = {"balance_at": read_at, "profile_at": read_at}
    accounts: list[Account] = [AccountFactory.create(switch=switch, number=number, **at) for number in numbers]
    user = UserFactory.create()
    Membership.objects.bulk_create(Membership(user=user, account=row, role=Role.OWNER) for row in accounts)
    simulator.control.reset_stats()
    return accounts
