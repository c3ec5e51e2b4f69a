"""Which call days of the followed accounts are due now. Nothing here asks the switch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max, Q

from accounts.models import Account, Switch
from billing.models import CallDay, DayState
from billing.queries.days import DAY, day_of, each_day
from billing.queries.retention import first_compared_day, first_known_day
from billing.services.followed import LOOKED_AT_LATELY, followed
from billing.services.trying_again import due as due_again

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
    day: date
    accounts: list[Account]


@dataclass(frozen=True)
class OlderProof:
    """The newest stretch of older days whose turn it is to be compared with the switch's report, and whose they are."""

    accounts: list[Account]
    first: date
    last: date


def due_today(*, switch: Switch, now: datetime) -> Due:
    """Today's calls: of watched accounts always, of those that talk often, of silent ones now and then."""
    today = day_of(now, switch.zone)
    accounts = list(followed(switch=switch, now=now))
    talking = _talking(accounts, today)
    tried = _tried(accounts, today, since=now - TODAY_UNWATCHED_EVERY) & talking
    tried |= _tried(accounts, today, since=now - TODAY_SILENT_EVERY) - talking
    tried -= {account.pk for account in accounts if _watched(account, now)}
    tried |= _tried(accounts, today, since=now - TODAY_WATCHED_EVERY) | _put_off(accounts, today, now)
    due = [account for account in accounts if account.pk not in tried]
    return Due(today, _foremost(due, today, talking, now))


def due_yesterday(*, switch: Switch, now: datetime) -> Due:
    """Yesterday's calls until they are proven: late records arrive after midnight.

    What differs is fetched again by the rounds of proof; without a report that can be used nobody else would.
    """
    yesterday = day_of(now, switch.zone) - DAY
    accounts = list(followed(switch=switch, now=now))
    settled = _tried(accounts, yesterday, since=now - YESTERDAY_EVERY) | _put_off(accounts, yesterday, now)
    tried = Q(tries__gt=0, unusable_report="")
    compared = CallDay.objects.filter(Q(state=DayState.PROVEN) | tried, account__in=accounts, day=yesterday)
    settled.update(compared.values_list("account_id", flat=True))
    due = [account for account in accounts if account.pk not in settled]
    return Due(yesterday, _foremost(due, yesterday, _talking(accounts, yesterday), now))


def due_back_fill(*, switch: Switch, now: datetime, step: int = BACK_FILL_STEP) -> Iterator[Due]:
    """Older days that were never fetched, the newest first."""
    today = day_of(now, switch.zone)
    accounts = sorted(followed(switch=switch, now=now), key=lambda account: not _watched(account, now))
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
    """Accounts with a day that is over and whose turn it is, or that was not compared with the report for too long."""
    first, last = first_and_last_kept_up(day_of(now, switch.zone))
    days = CallDay.objects.filter(
        account__in=followed(switch=switch, now=now),
        day__range=(max(first, first_compared_day(switch=switch, now=now)), last),
        fetched_at__isnull=False,
    )
    due = days.filter(due_again(now) | Q(checked_at__lte=now - RECHECKED_EVERY))
    return list(Account.objects.filter(pk__in=due.values("account")).select_related("switch").order_by("pk"))


def due_older_proof(*, switch: Switch, now: datetime) -> OlderProof | None:
    """Of days before those that are kept up, which somebody had fetched: each is compared until it is proven."""
    days = CallDay.objects.filter(
        account__switch=switch,
        account__missing_since__isnull=True,
        day__range=(
            first_compared_day(switch=switch, now=now),
            day_of(now, switch.zone) - (DAYS_KEPT_UP + 1) * DAY,
        ),
        fetched_at__isnull=False,
    ).filter(due_again(now))
    last = days.aggregate(last=Max("day"))["last"]
    if last is None:
        return None
    first = last - DAYS_KEPT_UP * DAY
    of_stretch = Account.objects.filter(pk__in=days.filter(day__gte=first).values("account"))
    return OlderProof(list(of_stretch.select_related("switch").order_by("pk")), first, last)


def first_and_last_kept_up(today: date) -> tuple[date, date]:
    return today - DAYS_KEPT_UP * DAY, today - DAY


def _foremost(accounts: list[Account], day: date, talking: set[int], now: datetime) -> list[Account]:
    """Should the switch's budget not do for all: first those that somebody looks at, then those that talk.

    Whose day failed by itself the last time comes last: many such in a row end the slot.
    """
    failed = CallDay.objects.filter(account__in=accounts, day=day, failures__gt=0)
    failing = set(failed.values_list("account_id", flat=True))
    return sorted(
        accounts, key=lambda account: (account.pk in failing, not _watched(account, now), account.pk not in talking)
    )


def _talking(accounts: Iterable[Account], day: date) -> set[int]:
    """Those of which a call is known on that day or the one before."""
    days = CallDay.objects.filter(account__in=accounts, day__range=(day - DAY, day), calls__gt=0)
    return set(days.values_list("account_id", flat=True))


def _watched(account: Account, now: datetime) -> bool:
    return account.viewed_at is not None and account.viewed_at > now - LOOKED_AT_LATELY


def _tried(accounts: Iterable[Account], day: date, *, since: datetime) -> set[int]:
    tried = Q(fetched_at__gt=since) | Q(failed_at__gt=since, failures__gt=0)
    rows = CallDay.objects.filter(tried, account__in=accounts, day=day)
    return set(rows.values_list("account_id", flat=True))


def _put_off(accounts: Iterable[Account], day: date, now: datetime) -> set[int]:
    """Those of which an answer for several said nothing just now."""
    rows = CallDay.objects.filter(account__in=accounts, day=day, failures=0, fetch_again_at__gt=now)
    return set(rows.values_list("account_id", flat=True))
