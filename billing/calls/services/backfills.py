"""Requesting calls of days that are missing. `backfill_worker` fetches them; nothing here asks the switch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial

from django.db import transaction

from accounts.models import Account, User
from billing.calls.models import Backfill
from billing.calls.queries.backfills import failed_days, fetched_days, open_backfills
from billing.calls.queries.retention import first_known_day
from billing.lib.days import DAY, day_of, each_day
from billing.lib.queued_tasks import QueuedTask

RUN_BACKFILL = QueuedTask(name="billing.calls.tasks.run_backfill", queue="calls")

# How many backfills an account's own people may wait for at a time, and how many days in all of them.
MOST_OPEN = 3
MOST_DAYS_WAITING = 400
# Where no setting says how long the switch keeps calls, days are not asked for that no switch is known to keep.
LONGEST_KEPT = timedelta(days=3 * 366)


class BackfillRefused(Exception):
    """Nothing was requested: other days of the account have to be fetched first."""


def stretch(*, account: Account, first: date, last: date, now: datetime) -> tuple[date, date] | None:
    """Cut days to those that can be fetched: not before the account was opened, not future ones, not forgotten ones."""
    first = max(first, earliest_day(account=account, now=now), _opened(account))
    last = min(last, day_of(now, account.switch.zone))
    return (first, last) if first <= last else None


def earliest_day(*, account: Account, now: datetime) -> date:
    """The first day that can be fetched of an account's switch."""
    known = first_known_day(switch=account.switch, now=now)
    if account.switch.call_days_kept is not None:
        return known
    return max(known, day_of(now, account.switch.zone) - LONGEST_KEPT)


def never_fetched(*, account: Account, first: date, last: date, now: datetime) -> Sequence[date]:
    """Find days, since the account was opened, that are missing and can no longer be fetched; the newest first."""
    first, last = max(first, _opened(account)), min(last, earliest_day(account=account, now=now) - DAY)
    return _missing(account, first, last) if first <= last else ()


def _opened(account: Account) -> date:
    return day_of(account.opened_at, account.switch.zone) if account.opened_at else date.min


def ask(
    *, account: Account, first: date, last: date, by: User, now: datetime, as_staff: bool = False
) -> Backfill | None:
    """Have the missing ones of these days fetched; None when none can be.

    Of more days than an account may wait for, the newest are fetched; the others need another request. Staff are
    not held to the limits of an account, and use nothing of them up. Raises BackfillRefused when the account has to
    wait for other days first.
    """
    days = stretch(account=account, first=first, last=last, now=now)
    if days is None or not (missing := _missing(account, *days)):
        return None
    chosen = _choose(account, missing, now, as_staff)
    if isinstance(chosen, Backfill):
        return chosen
    with transaction.atomic():
        # One at a time for each account, so that the limits hold.
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        chosen = _choose(account, missing, now, as_staff)
        if isinstance(chosen, Backfill):
            return chosen
        backfill = Backfill.objects.create(
            account=account, first=chosen[-1], last=chosen[0], asked_by=by, asked_at=now, progressed_at=now
        )
        transaction.on_commit(partial(RUN_BACKFILL.enqueue, account.switch_id))
    return backfill


def _missing(account: Account, first: date, last: date) -> list[date]:
    """Find those of these days that are missing, the newest first."""
    fetched = fetched_days(account=account, first=first, last=last)
    return [day for day in reversed(list(each_day(first, last))) if day not in fetched]


def _choose(account: Account, missing: Sequence[date], now: datetime, as_staff: bool) -> Backfill | Sequence[date]:
    """Choose which of the missing days to fetch, the newest first; or find the backfill that fetches some of them.

    An open backfill whose missing days all failed holds up no others: these days may never come.
    """
    waiting = list(open_backfills(account=account).select_related("asked_by"))
    unrequested = [day for day in missing if not any(day in backfill for backfill in waiting)]
    touching = [backfill for backfill in waiting if any(day in backfill for day in missing)]
    failed = failed_days(account=account, first=missing[-1], last=missing[0])
    in_hand = [backfill for backfill in touching if any(day in backfill for day in missing if day not in failed)]
    room = len(unrequested) if as_staff else _room(account, waiting, now)
    if unrequested and (len(unrequested) <= room or (room > 0 and not in_hand)):
        return unrequested[:room]
    if touching:
        return (in_hand or touching)[0]
    raise BackfillRefused


def _room(account: Account, waiting: Sequence[Backfill], now: datetime) -> int:
    """How many more days the account's own people may wait for: days that came in or failed do not count."""
    theirs = [one for one in waiting if not one.asked_by.is_staff]
    if not theirs:
        return MOST_DAYS_WAITING
    kept = first_known_day(switch=account.switch, now=now)
    days = {"first": min(one.first for one in theirs), "last": max(one.last for one in theirs)}
    fetched, failed = fetched_days(account=account, **days), failed_days(account=account, **days)
    awaited = [set(each_day(max(one.first, kept), one.last)) - fetched for one in theirs]
    if sum(not days_left <= failed for days_left in awaited) >= MOST_OPEN:
        return 0
    return MOST_DAYS_WAITING - len(set().union(*awaited))
