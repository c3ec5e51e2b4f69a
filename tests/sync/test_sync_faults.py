from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

from django.db.models import Sum

from accounts.models import Account, Switch
from billing.balances.models import Payment
from billing.balances.services import balances, profiles
from billing.balances.services import payments as balance_payments
from billing.calls.models import Call, CallDay, DayState
from billing.calls.services.fetching import fetch_days
from billing.calls.services.proving import prove_days
from billing.lib.days import DAY
from billing.lib.redis import connection
from billing.switches.services.failures import FAILURES
from simulator.process import SimulatorProcess

NOW = datetime.now(UTC)
LAST = NOW.date() - DAY
FIRST = LAST - 4 * DAY
NUMBERS = ("C-301", "A-20417", "A-20418", "W-900")
KINDS = (
    "drop_after",
    "cut_body",
    "empty_before",
    "html_403",
    "error_500_before",
    "unlisted_code",
    "non_utf8",
    "redirect",
)


def try_everything(switch: Switch, accounts: list[Account], now: datetime) -> None:
    works: list[Callable[[], object]] = [
        partial(balances.refresh_all, switch=switch, now=now),
        partial(profiles.refresh, switch=switch, numbers=NUMBERS, now=now),
        partial(prove_days, switch=switch, accounts=accounts, first=FIRST, last=LAST, now=now),
    ]
    for account in accounts:
        works.append(partial(balance_payments.mirror, account=account, now=now))
        works.append(partial(fetch_days, accounts=[account], first=FIRST, last=LAST, now=now))
    for work in works:
        with suppress(*FAILURES):
            work()


def end_the_pause_of_the_breaker() -> None:
    connection().flushdb()


def test_under_faults_only_what_is_true_is_kept_and_afterwards_all_of_it(
    switch: Switch, simulator: SimulatorProcess
) -> None:
    accounts = [profiles.ensure(switch=switch, number=number, now=NOW) for number in NUMBERS]
    for seed, kind in enumerate(KINDS):
        simulator.control.add_fault("*", kind, rate=0.06, seed=seed)
    now = NOW
    for _ in range(6):
        now += timedelta(minutes=1)
        try_everything(switch, accounts, now)
        end_the_pause_of_the_breaker()
        for row in CallDay.objects.all():
            held = Call.objects.filter(account=row.account, day=row.day)
            assert row.calls == held.count()
            assert row.fee == held.aggregate(fee=Sum("fee", default=Decimal(0)))["fee"]
    assert sum(fault.injected for fault in simulator.control.faults()) > 20
    simulator.control.clear_faults()
    now += timedelta(minutes=1)
    fetch_days(accounts=accounts, first=FIRST, last=LAST, now=now)
    try_everything(switch, accounts, now)
    assert set(CallDay.objects.values_list("state", flat=True)) == {DayState.PROVEN}
    for account in accounts:
        ledger = simulator.control.account(account.number)
        account.refresh_from_db()
        assert account.balance == ledger.money
        assert account.missing_since is None
        assert Payment.objects.filter(account=account).count() == len(ledger.pays)
