"""The rounds of background work on one switch. Each returns in words what it did, for staff.

A question that was withheld, to give the switch a rest, ends a round until its next slot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Max, Q, QuerySet

from accounts.models import Account, Switch
from accounts.services import audit, notices
from billing.balances.models import Reconciliation, Stream
from billing.balances.services import balances, causes, profiles, readings, reconciliation
from billing.calls.services import backfill_worker, due_days, partitions, retention
from billing.calls.services import fetching as call_fetching
from billing.calls.services import proving as call_proving
from billing.jobs.services import runs
from billing.lib.days import DAY, day_of
from billing.switches.services import quiet_hours
from billing.switches.services.failures import FAILURES, WITHHELD
from billing.switches.services.followed_accounts import followed, watched, without_profile
from billing.sync.services import mirroring

RECORDS_LATE = timedelta(minutes=15)
RECONCILED_DAYS = 3
# What another round of the same slot fetched is not fetched again in it.
FETCHED_LATELY = timedelta(minutes=4)
NOTICES_KEPT_FOR = timedelta(days=30)


def refresh_balances(*, switch: Switch, now: datetime) -> str:
    return f"{balances.refresh_all(switch=switch, now=now)} balances"


def name_new_accounts(*, switch: Switch, now: datetime) -> str:
    """Read the profiles of accounts that are known from a list of balances alone."""
    numbers = without_profile(switch=switch)
    return str(profiles.refresh(switch=switch, numbers=numbers, now=now, only_due=True))


def refresh_profiles(*, switch: Switch, now: datetime) -> str:
    numbers = list(followed(switch=switch, now=now).values_list("number", flat=True))
    return str(profiles.refresh(switch=switch, numbers=numbers, now=now, only_due=True))


def mirror_watched(*, switch: Switch, now: datetime) -> str:
    """Mirror the payments of accounts of which a page is open."""
    return _mirror(watched(switch=switch, now=now), now)


def mirror_followed(*, switch: Switch, now: datetime) -> str:
    """Mirror the payments of every account that is kept up with the switch."""
    return _mirror(followed(switch=switch, now=now), now)


@quiet_hours.outside
def fetch_today(*, switch: Switch, now: datetime) -> str:
    return _fetch([due_days.due_today(switch=switch, now=now)], now)


@quiet_hours.outside
def fetch_yesterday(*, switch: Switch, now: datetime) -> str:
    return _fetch([due_days.due_yesterday(switch=switch, now=now)], now)


@quiet_hours.outside
def back_fill(*, switch: Switch, now: datetime) -> str:
    """Fetch some of the older days that were never fetched."""
    return _fetch(due_days.due_back_fill(switch=switch, now=now), now, missing_only=True)


def fetch_asked(*, switch: Switch, now: datetime) -> str:
    """Fetch days that visitors asked for."""
    return str(backfill_worker.run_slot(switch=switch, now=now))


@quiet_hours.outside
def prove(*, switch: Switch, now: datetime) -> str:
    first, last = due_days.first_and_last_kept_up(day_of(now, switch.zone))
    accounts = due_days.due_proof(switch=switch, now=now)
    when: dict[str, Any] = {"now": now, "fetched_before": now - FETCHED_LATELY, "only_due": True}
    proven = call_proving.prove_days(switch=switch, accounts=accounts, first=first, last=last, **when)
    if due := due_days.due_older_proof(switch=switch, now=now):
        proven.add(
            call_proving.prove_days(switch=switch, accounts=due.accounts, first=due.first, last=due.last, **when)
        )
    without = len(proven.without_report)
    found = f"{proven.proven} days proven, {len(proven.differing)} differ, {proven.not_known} not known how they count"
    return f"{found}, {without} without a report that can be used"


def reconcile(*, switch: Switch, now: datetime) -> str:
    """Reconcile the last days of each account, and of an account that was never reconciled all days that are kept up.

    Balances of the last minutes are left out, because late records may still explain them.
    """
    today = day_of(now, switch.zone)
    kept_up = (today - due_days.DAYS_KEPT_UP * DAY, today - (RECONCILED_DAYS + 1) * DAY)
    settled = Reconciliation.objects.filter(account__switch=switch, day__range=kept_up)
    known = set(settled.values_list("account_id", flat=True).distinct())
    return _reconcile(switch, now, lambda account: RECONCILED_DAYS if account.pk in known else due_days.DAYS_KEPT_UP)


def reconcile_month(*, switch: Switch, now: datetime) -> str:
    """Reconcile all days that are kept up, so that old cases close when they are explained."""
    return _reconcile(switch, now, lambda account: due_days.DAYS_KEPT_UP)


def housekeeping(*, now: datetime) -> str:
    """Delete what has been kept long enough, and make room for the calls of the coming months."""
    partitions.ensure_ahead(now=now)
    months = retention.forget_calls(now=now)
    entries = audit.forget(before=now - timedelta(days=settings.AUDIT_DAYS))
    told = notices.forget(before=now - NOTICES_KEPT_FOR)
    changes = causes.prune(now=now)
    kept = f"{runs.prune(now=now)} job runs, {readings.prune(now=now)} readings, {changes} changes of records"
    kept = f"{kept}, {len(months)} months of calls"
    return f"{kept}, {told} notices, {entries} entries of the trail dropped"


def _fetch(due: Iterable[due_days.Due], now: datetime, *, missing_only: bool = False) -> str:
    fetched = call_fetching.Fetched()
    for part in due:
        days = {"first": part.day, "last": part.day}
        fetched.add(call_fetching.fetch_days(accounts=part.accounts, **days, now=now, missing_only=missing_only))
    return f"{fetched.days} days with {fetched.calls} calls, {len(fetched.failures)} failed"


def _mirror(accounts: QuerySet[Account], now: datetime) -> str:
    """Mirror payments and charges, first of the account that waits longest: the budget may not do for all."""
    read_until = Max("sync_marks__complete_until", filter=Q(sync_marks__stream=Stream.PAYMENTS))
    longest_ago = F("read_until").asc(nulls_first=True)
    new_payments = new_charges = failed = 0
    for account in accounts.annotate(read_until=read_until).order_by(longest_ago, "pk"):
        try:
            mirrored = mirroring.mirror(account=account, now=now, only_due=True)
        except WITHHELD:
            raise
        except FAILURES:
            failed += 1
            continue
        new_payments += mirrored.payments
        new_charges += mirrored.charges
    return f"{new_payments} payments, {new_charges} charges, {failed} accounts failed"


def _reconcile(switch: Switch, now: datetime, days_back: Callable[[Account], int]) -> str:
    today = day_of(now, switch.zone)
    days = cases = 0
    for account in followed(switch=switch, now=now):
        found = reconciliation.reconcile(
            account=account, first=today - days_back(account) * DAY, last=today, now=now, until=now - RECORDS_LATE
        )
        days += found.days
        cases += len(found.cases)
    return f"{days} days, {cases} cases"
