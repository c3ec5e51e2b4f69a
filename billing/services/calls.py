"""Fetching days of call records (manual §3.47). `proofs` holds them against the switch's own report."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby

from redis.exceptions import LockError, RedisError
from redis.lock import Lock

from accounts.models import Account, Switch
from billing.models import CallDay
from billing.queries.days import DAY, each_day
from billing.queries.retention import first_known_day, first_whole_day
from billing.services import call_groups, call_store, dropped
from billing.services.call_routing import RoutingStage
from billing.services.failures import FAILURES, GONE, sentence
from billing.services.locks import are_held, hold
from billing.services.switches import client
from billing.vos3000 import Cdr, Client, Malformed, RoutedCdr, UnexpectedStatus, UnreadableRecord, Withheld

NOT_KEPT = "Calls of this day are no longer kept here."
NOT_ON_SWITCH = "The switch no longer has the calls of this day."
LONGEST_SILENCE = timedelta(minutes=5)  # of a stream, before its claim on the day ends
# How long a day that cannot be fetched waits after each failure; in the end always as long.
FAILED_AGAIN_AFTER = [timedelta(minutes=minutes) for minutes in (10, 20, 40, 80, 120)]


@dataclass(frozen=True)
class DayFailure:
    account: Account
    day: date
    why: str


@dataclass
class Fetched:
    """`days` are account-days; `busy` those that another process was fetching."""

    days: int = 0
    calls: int = 0
    busy: list[Account] = field(default_factory=list)
    failures: list[DayFailure] = field(default_factory=list)

    def add(self, other: Fetched) -> None:
        self.days += other.days
        self.calls += other.calls
        self.busy += other.busy
        self.failures += other.failures


def fetch_days(
    *, accounts: Iterable[Account], first: date, last: date, now: datetime, missing_only: bool = False
) -> Fetched:
    """Read these days anew, the last first and its accounts in the order given; or only those that were never read.

    A day that fails keeps its rows and is told in `failures`. Raises Withheld when the switch's budget is used up; the
    days before are done.
    """
    fetched = Fetched()
    by_switch = sorted(accounts, key=lambda account: account.switch_id)
    for _, of_switch in groupby(by_switch, key=lambda account: account.switch_id):
        members = list(of_switch)
        switch = members[0].switch
        known = first_known_day(switch=switch, now=now)
        for day in each_day(first, min(last, known - DAY)) if first < known else ():
            why = NOT_KEPT if day < first_whole_day(now) else NOT_ON_SWITCH
            fetched.failures += [DayFailure(account, day, why) for account in members]
        with ExitStack() as stack:
            try:
                asking = stack.enter_context(client(switch))
            except FAILURES as error:
                fetched.failures += _failed(members, last, error, now)
                continue
            for day in reversed(list(each_day(max(first, known), last))):
                for group in call_groups.groups(switch=switch, accounts=members, day=day):
                    fetched.add(_fetch_claimed(switch, asking, group, day, now, missing_only))
    return fetched


def being_fetched(*, account: Account, days: Iterable[date]) -> set[date]:
    """Which of these days a process is fetching at this moment, as far as Redis knows."""
    asked = list(days)
    if not asked:
        return set()
    claims = are_held([_claim(account, day) for day in asked])
    return {day for day, held in zip(asked, claims, strict=True) if held}


def _claim(account: Account, day: date) -> str:
    return f"calls:{account.pk}:{day}"


def _fetch_claimed(
    switch: Switch, asking: Client, group: list[Account], day: date, now: datetime, missing_only: bool
) -> Fetched:
    """Fetch what nobody else is fetching."""
    with ExitStack() as stack:
        locks: list[Lock] = []
        ours: list[Account] = []
        for account in group:
            lock = stack.enter_context(hold(_claim(account, day), longest=LONGEST_SILENCE))
            if lock is not None:
                locks.append(lock)
                ours.append(account)
        fetched = Fetched(busy=[account for account in group if account not in ours])
        if missing_only:
            # Somebody may have fetched it since it was found missing.
            here = CallDay.objects.filter(account__in=ours, day=day, fetched_at__isnull=False)
            known = set(here.values_list("account_id", flat=True))
            ours = [account for account in ours if account.pk not in known]
        if ours:
            fetched.add(_fetch(switch, asking, ours, day, now, locks))
        return fetched


def _fetch(
    switch: Switch, asking: Client, group: list[Account], day: date, now: datetime, locks: list[Lock]
) -> Fetched:
    try:
        stage = _stage(switch, asking, group, day, locks)
        if stage.unreadable.count and len(group) > 1:
            # Whose records cannot be read shows only when each is asked for alone.
            return _one_by_one(switch, asking, group, day, now, locks)
        missing = _unknown_to_the_switch(asking, group, stage)
        if missing:
            return _without(missing, switch, asking, group, day, now, locks)
        dropped_there = dropped.of(asking=asking, accounts=_emptied(group, stage), day=day, now=now)
        stage.leave_out(dropped_there)
        if stage.accounts:
            call_store.exchange(switch=switch, stage=stage, now=now)
    except Withheld:
        raise
    except FAILURES as error:
        if len(group) > 1 and isinstance(error, Malformed) and not isinstance(error, UnexpectedStatus):
            return _in_halves(switch, asking, group, day, now, locks)
        return Fetched(failures=_failed(group, day, error, now))
    failures = _note(dropped_there, day, NOT_ON_SWITCH, now)
    return Fetched(days=len(stage.accounts), calls=stage.records, failures=failures)


def _stage(switch: Switch, asking: Client, group: list[Account], day: date, locks: list[Lock]) -> call_store.Stage:
    numbers = {account.number: account.pk for account in group}
    routing = RoutingStage(day, numbers) if switch.keep_routing else None
    stage = call_store.Stage(day, numbers, on_batch=lambda: _keep(locks), routing=routing)
    kind = RoutedCdr if routing else Cdr
    records: Iterable[Cdr | UnreadableRecord] = asking.get_cdr(accounts=list(numbers), first=day, last=day, kind=kind)
    for record in routing.noting(records) if routing else records:
        if isinstance(record, Cdr):
            stage.add(record)
        else:
            stage.unreadable.add(record.reason, record.excerpt)
    stage.write()
    return stage


def _keep(locks: list[Lock]) -> None:
    for lock in locks:
        try:
            lock.reacquire()
        except (LockError, RedisError):
            # The exchange of a day is one transaction: a second one would write the same again.
            return


def _one_by_one(
    switch: Switch, asking: Client, group: list[Account], day: date, now: datetime, locks: list[Lock]
) -> Fetched:
    fetched = Fetched()
    for account in group:
        fetched.add(_fetch(switch, asking, [account], day, now, locks))
    return fetched


def _in_halves(
    switch: Switch, asking: Client, group: list[Account], day: date, now: datetime, locks: list[Lock]
) -> Fetched:
    """Down to the account whose records keep the others' from coming in; or to what the switch can answer at once."""
    fetched = Fetched()
    middle = len(group) // 2
    for half in (group[:middle], group[middle:]):
        fetched.add(_fetch(switch, asking, half, day, now, locks))
    if all(failure.why == GONE for failure in fetched.failures):
        size = call_groups.size_of(calls=fetched.calls, accounts=len(group))
        call_groups.too_large(switch=switch, size=size)
    return fetched


def _unknown_to_the_switch(asking: Client, group: list[Account], stage: call_store.Stage) -> set[str]:
    """No records may mean "not found": nobody's day is emptied because an account is gone."""
    if stage.unreadable.count:
        return set()
    silent = [account for account in group if account.pk not in stage.talked]
    # An answer without any record may be a refusal for the sake of one of several.
    if stage.records or len(group) == 1:
        held = call_store.with_rows([account.pk for account in silent], stage.day)
        silent = [account for account in silent if account.pk in held]
    if not silent:
        return set()
    numbers = [account.number for account in silent]
    known = {customer.account for customer in asking.get_customers(accounts=numbers)}
    if not known and len(numbers) > 1:
        known = {number for number in numbers if asking.get_customers(accounts=[number])}
    return set(numbers) - known


def _emptied(group: list[Account], stage: call_store.Stage) -> list[Account]:
    """Those of which calls are here and the answer has none."""
    silent = [account for account in group if account.pk not in stage.talked]
    if stage.unreadable.count or not silent:
        return []
    held = call_store.with_rows([account.pk for account in silent], stage.day)
    return [account for account in silent if account.pk in held]


def _without(
    missing: set[str],
    switch: Switch,
    asking: Client,
    group: list[Account],
    day: date,
    now: datetime,
    locks: list[Lock],
) -> Fetched:
    gone = [account for account in group if account.number in missing]
    rest = [account for account in group if account.number not in missing]
    fetched = _fetch(switch, asking, rest, day, now, locks) if rest else Fetched()
    fetched.failures += _note(gone, day, GONE, now)
    return fetched


def _failed(group: list[Account], day: date, error: Exception, now: datetime) -> list[DayFailure]:
    return _note(group, day, sentence(error), now)


def _note(group: list[Account], day: date, why: str, now: datetime) -> list[DayFailure]:
    for account in group:
        row, _ = CallDay.objects.get_or_create(account=account, day=day)
        row.failed_at, row.failure = now, why
        row.fetch_again_at = now + FAILED_AGAIN_AFTER[min(row.failures, len(FAILED_AGAIN_AFTER) - 1)]
        row.failures = min(row.failures + 1, len(FAILED_AGAIN_AFTER))
        row.save(update_fields=["failed_at", "failure", "failures", "fetch_again_at"])
    return [DayFailure(account, day, why) for account in group]
