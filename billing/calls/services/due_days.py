"""Choosing which call days of the followed accounts are due now. Nothing here asks the switch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max, Q

from accounts.models import Account, Switch
from billing.calls.models import CallDay, DayState
from billing.calls.queries.retention import first_compared_day, first_known_day
from billing.calls.services.proof_retries import due_for_proof
from billing.lib.days import DAY, day_of, each_day
from billing.switches.services.followed_accounts import LOOKED_AT_LATELY, followed

TODAY_WATCHED_EVERY = timedelta(seconds=50)  # each slot, if no other round of it did
TODAY_UNWATCHED_EVERY = timedelta(minutes=10)
TODAY_SILENT_EVERY = timedelta(minutes=30)
YESTERDAY_EVERY = timedelta(minutes=15)
RECHECKED_EVERY = timedelta(days=1)
DAYS_KEPT_UP = 35
# Account-days filled in per slot, so that history arrives in small steps.
BACK_FILL_STEP = 200


@dataclass(frozen=True)
class Due:
    """A day, and the accounts whose calls of it are to be fetched, the most urgent first."""

    day: date
    accounts: list[Account]


@dataclass(frozen=True)
class OlderProof:
    """The newest range of older days that are to be compared with the switch's report, and their accounts."""

    accounts: list[Account]
    first: date
    last: date


def due_today(*, switch: Switch, now: datetime) -> Due:
    """Choose accounts for today's calls: watched ones always, those with calls often, silent ones now and then."""
    today = day_of(now, switch.zone)
    accounts = list(followed(switch=switch, now=now))
    calling = _with_recent_calls(accounts, today)
    tried = _tried(accounts, today, since=now - TODAY_UNWATCHED_EVERY) & calling
    tried |= _tried(accounts, today, since=now - TODAY_SILENT_EVERY) - calling
    tried -= {account.pk for account in accounts if _is_watched(account, now)}
    tried |= _tried(accounts, today, since=now - TODAY_WATCHED_EVERY) | _postponed(accounts, today, now)
    due = [account for account in accounts if account.pk not in tried]
    return Due(today, _by_urgency(due, today, calling, now))


def due_yesterday(*, switch: Switch, now: datetime) -> Due:
    """Choose accounts for yesterday's calls until they are proven: late records arrive after midnight.

    A day that differs from its report is left to the rounds of proof, which fetch it again. One whose report cannot be
    used is chosen here, since those rounds do not fetch it.
    """
    yesterday = day_of(now, switch.zone) - DAY
    accounts = list(followed(switch=switch, now=now))
    settled = _tried(accounts, yesterday, since=now - YESTERDAY_EVERY) | _postponed(accounts, yesterday, now)
    tried = Q(tries__gt=0, unusable_report__isnull=True)
    compared = CallDay.objects.filter(Q(state=DayState.PROVEN) | tried, account__in=accounts, day=yesterday)
    settled.update(compared.values_list("account_id", flat=True))
    due = [account for account in accounts if account.pk not in settled]
    return Due(yesterday, _by_urgency(due, yesterday, _with_recent_calls(accounts, yesterday), now))


def due_back_fill(*, switch: Switch, now: datetime, step: int = BACK_FILL_STEP) -> Iterator[Due]:
    """Yield older days that were never fetched, the newest first; of `step` account-days at most."""
    today = day_of(now, switch.zone)
    accounts = sorted(followed(switch=switch, now=now), key=lambda account: not _is_watched(account, now))
    first = max(today - DAYS_KEPT_UP * DAY, first_known_day(switch=switch, now=now))
    for day in reversed(list(each_day(first, today - 2 * DAY))):
        settled = CallDay.objects.filter(account__in=accounts, day=day).filter(
            Q(fetched_at__isnull=False) | Q(fetch_again_at__gt=now)
        )
        done = set(settled.values_list("account_id", flat=True))
        wanted = [account for account in accounts if account.pk not in done][:step]
        step -= len(wanted)
        if wanted:
            yield Due(day, wanted)
        if step <= 0:
            return


def due_proof(*, switch: Switch, now: datetime) -> list[Account]:
    """Choose accounts with a day to compare: its turn has come, or the last comparison is too long ago."""
    first, last = first_and_last_kept_up(day_of(now, switch.zone))
    days = CallDay.objects.filter(
        account__in=followed(switch=switch, now=now),
        day__range=(max(first, first_compared_day(switch=switch, now=now)), last),
        fetched_at__isnull=False,
    )
    due = days.filter(due_for_proof(now) | Q(checked_at__lte=now - RECHECKED_EVERY))
    return list(Account.objects.filter(pk__in=due.values("account")).select_related("switch").order_by("pk"))


def due_older_proof(*, switch: Switch, now: datetime) -> OlderProof | None:
    """Choose fetched days from before those that are kept up: each is compared until it is proven."""
    days = CallDay.objects.filter(
        account__switch=switch,
        account__missing_since__isnull=True,
        day__range=(
            first_compared_day(switch=switch, now=now),
            day_of(now, switch.zone) - (DAYS_KEPT_UP + 1) * DAY,
        ),
        fetched_at__isnull=False,
    ).filter(due_for_proof(now))
    last = days.aggregate(last=Max("day"))["last"]
    if last is None:
        return None
    first = last - DAYS_KEPT_UP * DAY
    in_range = Account.objects.filter(pk__in=days.filter(day__gte=first).values("account"))
    return OlderProof(list(in_range.select_related("switch").order_by("pk")), first, last)


def first_and_last_kept_up(today: date) -> tuple[date, date]:
    return today - DAYS_KEPT_UP * DAY, today - DAY


def _by_urgency(accounts: list[Account], day: date, calling: set[int], now: datetime) -> list[Account]:
    """Order accounts for a budget that may not do for all: watched ones first, then those with recent calls.

    An account whose day failed by itself the last time comes last: many such failures in a row end the slot.
    """
    failed = CallDay.objects.filter(account__in=accounts, day=day, failures__gt=0)
    failing = set(failed.values_list("account_id", flat=True))
    return sorted(
        accounts, key=lambda account: (account.pk in failing, not _is_watched(account, now), account.pk not in calling)
    )


def _with_recent_calls(accounts: Iterable[Account], day: date) -> set[int]:
    """Find the accounts that have a call on that day or the one before."""
    days = CallDay.objects.filter(account__in=accounts, day__range=(day - DAY, day), calls__gt=0)
    return set(days.values_list("account_id", flat=True))


def _is_watched(account: Account, now: datetime) -> bool:
    """Whether a person looked at one of the account's pages lately."""
    return account.viewed_at is not None and account.viewed_at > now - LOOKED_AT_LATELY


def _tried(accounts: Iterable[Account], day: date, *, since: datetime) -> set[int]:
    """Find the accounts whose day was fetched since then, or failed by itself."""
    tried = Q(fetched_at__gt=since) | Q(failed_at__gt=since, failures__gt=0)
    rows = CallDay.objects.filter(tried, account__in=accounts, day=day)
    return set(rows.values_list("account_id", flat=True))


def _postponed(accounts: Iterable[Account], day: date, now: datetime) -> set[int]:
    """Find the accounts whose day was left to the next slot, because an answer for several said nothing of it."""
    rows = CallDay.objects.filter(account__in=accounts, day=day, failures=0, fetch_again_at__gt=now)
    return set(rows.values_list("account_id", flat=True))
