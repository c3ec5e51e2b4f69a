"""Fetching days of call records (manual §3.47). `proofs` holds them against the switch's own report."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from accounts.lib.backoff import Backoff
from accounts.models import Account, Switch
from billing.calls.models import CallDay
from billing.calls.queries.backfills import IS_HERE
from billing.calls.queries.retention import first_known_day, first_whole_day
from billing.calls.services import replacing, request_groups, staging, switch_silence
from billing.calls.services.request_groups import Group
from billing.calls.services.routing import RoutingStage
from billing.lib.days import DAY, each_day
from billing.lib.locks import are_held, hold_each
from billing.switches.services.clients import client
from billing.switches.services.failures import FAILURES, GONE, is_of_no_use, sentence
from billing.switches.services.priority import waiting_for_budget
from billing.vos3000 import Client, Malformed, UnreadableRecord, Withheld
from billing.vos3000.operations.calls import Cdr, RoutedCdr, get_cdr
from billing.vos3000.operations.customers import get_customers

NOT_KEPT = "Calls of this day are no longer kept here."
NOT_ON_SWITCH = "The switch no longer has the calls of this day."
LONGEST_SILENCE = timedelta(minutes=5)  # of a process that died, before its claim on a day ends
# How long a day that cannot be fetched waits after each failure: 10, 20, 40, 80, then always 120 minutes.
PAUSES = Backoff(first=timedelta(minutes=10), longest=timedelta(hours=2))
MOST_FAILURES_COUNTED = 5
PUT_OFF_FOR = timedelta(seconds=50)  # to the next slot


@dataclass(frozen=True)
class DayFailure:
    account: Account
    day: date
    why: str


@dataclass
class Fetched:
    """`days` are account-days; `busy` those that another process was fetching; `put_off` those of which the next slot
    will know more, since the answer for several said nothing of each.
    """

    days: int = 0
    calls: int = 0
    busy: list[Account] = field(default_factory=list)
    put_off: list[Account] = field(default_factory=list)
    failures: list[DayFailure] = field(default_factory=list)

    def add(self, other: Fetched) -> None:
        self.days += other.days
        self.calls += other.calls
        self.busy += other.busy
        self.put_off += other.put_off
        self.failures += other.failures

    def take_back(self) -> list[Account]:
        """Of one day, those that are to be asked for again: nothing more is told of them here."""
        again = self.busy + self.put_off
        self.failures = [failure for failure in self.failures if failure.account not in self.put_off]
        self.busy, self.put_off = [], []
        return again


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
        days = list(reversed(list(each_day(max(first, known), last))))
        members, missing = _known_and_missing(members)
        for day in days:
            fetched.failures += _note(missing, day, GONE, now)
        with ExitStack() as stack:
            try:
                asking = stack.enter_context(client(switch))
            except FAILURES as error:
                fetched.failures += _note(members, last, sentence(error), now)
                continue
            for day in days:
                for group in request_groups.groups(switch=switch, accounts=members, day=day):
                    fetched.add(_fetch_claimed(switch, asking, group, day, now, missing_only))
    return fetched


def _known_and_missing(accounts: list[Account]) -> tuple[list[Account], list[Account]]:
    """Those that the switch lists, and those that it does not: of these its silence says nothing."""
    missing = [account for account in accounts if account.missing_since is not None]
    return [account for account in accounts if account.missing_since is None], missing


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
    switch: Switch, asking: Client, group: Group, day: date, now: datetime, missing_only: bool
) -> Fetched:
    """Fetch what nobody else is fetching."""
    claims = {_claim(account, day): account for account in group.accounts}
    with hold_each(list(claims), longest=LONGEST_SILENCE) as held:
        ours = [account for claim, account in claims.items() if claim in held]
        fetched = Fetched(busy=[account for claim, account in claims.items() if claim not in held])
        if missing_only:
            # Somebody may have fetched it since it was found missing.
            here = CallDay.objects.filter(IS_HERE, account__in=ours, day=day)
            known = set(here.values_list("account_id", flat=True))
            ours = [account for account in ours if account.pk not in known]
        if ours:
            fetched.add(_fetch(switch, asking, replace(group, accounts=ours), day, now))
        return fetched


def _fetch(switch: Switch, asking: Client, group: Group, day: date, now: datetime) -> Fetched:
    """With one request for calls, whatever comes of it."""
    try:
        stage = _stage(switch, asking, group.accounts, day)
        # What an answer is checked with waits for its turn: it would have to be asked for again.
        with waiting_for_budget():
            gone = _unknown_to_the_switch(asking, group.accounts, stage)
            rest = [account for account in group.accounts if account not in gone]
            if gone and not stage.records:
                # It may have been said for the sake of those that are gone.
                _put_off(rest, day, now)
                return Fetched(put_off=rest, failures=_gone(gone, day, now))
            dropped_there = switch_silence.unconfirmed_empty_days(
                asking=asking, accounts=_emptied(rest, stage), day=day, now=now
            )
        stage.leave_out([*gone, *dropped_there])
        if stage.accounts:
            replacing.replace_day(switch=switch, stage=stage, now=now)
    except Withheld:
        raise
    except FAILURES as error:
        return _in_vain(switch, group, day, error, now)
    if stage.unreadable.count:
        request_groups.found_to_blame(switch=switch, group=group)
    failures = _gone(gone, day, now) + _note(dropped_there, day, NOT_ON_SWITCH, now)
    # They will not come back: what they came to is all that is known.
    CallDay.objects.filter(account__in=dropped_there, day=day, calls_dropped=True).update(calls_dropped=False)
    return Fetched(days=len(stage.accounts), calls=stage.records, failures=failures)


def _stage(switch: Switch, asking: Client, group: list[Account], day: date) -> staging.Stage:
    """Raises Malformed where it does not show whose records cannot be read."""
    numbers = {account.number: account.pk for account in group}
    routing = RoutingStage(day, numbers) if switch.keep_routing else None
    stage = staging.Stage(day, numbers, routing=routing)
    kind = RoutedCdr if routing else Cdr
    records: Iterable[Cdr | UnreadableRecord] = get_cdr(asking, accounts=list(numbers), first=day, last=day, kind=kind)
    for record in routing.noting(records) if routing else records:
        if isinstance(record, Cdr):
            stage.add(record)
        else:
            stage.unreadable.add(record.reason, record.excerpt)
    stage.write()
    if stage.unreadable.count and len(group) > 1:
        raise Malformed("GetCdr", "records of some of several accounts cannot be read")
    return stage


def _in_vain(switch: Switch, group: Group, day: date, error: Exception, now: datetime) -> Fetched:
    accounts, why = group.accounts, sentence(error)
    if group.is_shared and is_of_no_use(error):
        request_groups.ask_by_halves(switch=switch, group=group)
        _put_off(accounts, day, now, failed_at=now, failure=why)
        return Fetched(put_off=accounts, failures=[DayFailure(account, day, why) for account in accounts])
    if is_of_no_use(error):
        request_groups.found_to_blame(switch=switch, group=group)
    return Fetched(failures=_note(accounts, day, why, now))


def _unknown_to_the_switch(asking: Client, group: list[Account], stage: staging.Stage) -> list[Account]:
    """No records may mean "not found": nobody's day is emptied because an account is gone."""
    if stage.unreadable.count:
        return []
    silent = [account for account in group if account.pk not in stage.talked]
    # An answer without any record may be a refusal for the sake of one of several.
    if stage.records or len(group) == 1:
        held = replacing.accounts_with_calls([account.pk for account in silent], stage.day)
        silent = [account for account in silent if account.pk in held]
    if not silent:
        return []
    numbers = [account.number for account in silent]
    known = {customer.account for customer in get_customers(asking, accounts=numbers)}
    if not known and len(numbers) > 1:
        known = {number for number in numbers if get_customers(asking, accounts=[number])}
    return [account for account in silent if account.number not in known]


def _emptied(group: list[Account], stage: staging.Stage) -> list[Account]:
    """Those of which calls are here and the answer has none."""
    silent = [account for account in group if account.pk not in stage.talked]
    if stage.unreadable.count or not silent:
        return []
    held = replacing.accounts_with_calls([account.pk for account in silent], stage.day)
    return [account for account in silent if account.pk in held]


def _gone(accounts: list[Account], day: date, now: datetime) -> list[DayFailure]:
    """It is not asked for any more until the switch lists it again."""
    missing = [account.pk for account in accounts]
    Account.objects.filter(pk__in=missing, missing_since__isnull=True).update(missing_since=now)
    return _note(accounts, day, GONE, now)


def _note(accounts: list[Account], day: date, why: str, now: datetime) -> list[DayFailure]:
    """What failed by itself is tried ever more rarely."""
    for account in accounts:
        row, _ = CallDay.objects.get_or_create(account=account, day=day)
        row.failed_at, row.failure = now, why
        row.fetch_again_at = now + PAUSES.pause(row.failures)
        row.failures = min(row.failures + 1, MOST_FAILURES_COUNTED)
        row.save(update_fields=["failed_at", "failure", "failures", "fetch_again_at"])
    return [DayFailure(account, day, why) for account in accounts]


def _put_off(accounts: list[Account], day: date, now: datetime, **told: Any) -> None:
    """One row after the other, so that nobody waits for one while holding another."""
    for account in accounts:
        values = {"failures": 0, "fetch_again_at": now + PUT_OFF_FOR, **told}
        CallDay.objects.update_or_create(account=account, day=day, defaults=values)
