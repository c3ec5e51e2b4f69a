from __future__ import annotations

from datetime import UTC, datetime, timedelta

from accounts.models import Account, Switch
from billing.balances.models import Reconciliation
from billing.balances.services import payments as balance_payments
from billing.balances.services import profiles
from billing.calls.services.fetching import fetch_days
from billing.sync.services import rounds
from simulator.process import SimulatorProcess
from tests.support.factories import MembershipFactory


def followed(switch: Switch, number: str, *, days: int) -> Account:
    """Return an account with a member, whose calls and payments are known over the last days."""
    now = datetime.now(UTC)
    account = profiles.ensure(switch=switch, number=number, now=now)
    MembershipFactory.create(account=account)
    last = now.date()
    fetch_days(accounts=[account], first=last - timedelta(days=days), last=last, now=now)
    balance_payments.mirror(account=account, now=now)
    return account


def test_an_account_that_is_new_here_is_reconciled_as_far_back_as_it_is_known(
    switch: Switch, simulator: SimulatorProcess
) -> None:
    followed(switch, "A-20417", days=12)
    simulator.control.reset_stats()
    later = datetime.now(UTC) + timedelta(minutes=20)
    rounds.reconcile(switch=switch, now=later)
    assert Reconciliation.objects.count() in (10, 11)
    assert simulator.control.stats().total == 0


def test_the_rounds_after_that_look_at_the_last_days_alone(switch: Switch, simulator: SimulatorProcess) -> None:
    followed(switch, "A-20417", days=12)
    later = datetime.now(UTC) + timedelta(minutes=20)
    rounds.reconcile(switch=switch, now=later)
    oldest = Reconciliation.objects.earliest("day")
    oldest.delete()
    rounds.reconcile(switch=switch, now=later)
    assert not Reconciliation.objects.filter(day=oldest.day).exists()
    rounds.reconcile_month(switch=switch, now=later)
    assert Reconciliation.objects.filter(day=oldest.day).exists()
