"""Fetching days of call records (manual §3.47). `proving` compares them with the switch's own report."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from accounts.lib.backoff import Backoff
from accounts.models import Account, Switch
from billing.calls.models import CallDay, NotFetched, RecordFault
from billing.calls.queries.backfills import IS_FETCHED
from billing.calls.queries.retention import first_known_day, first_whole_day
from billing.calls.services import replacing, request_groups, staging, switch_silence
from billing.calls.services.request_groups import Group
from billing.calls.services.routing import RoutingStage
from billing.lib.days import DAY, each_day
from billing.lib.locks import are_held, hold_each
from billing.lib.reasons import Because, Reason
from billing.switches.models import SwitchFailure
from billing.switches.services import quiet_hours
from billing.switches.services.clients import client
from billing.switches.services.failures import FAILURES, failure, is_unusable
from billing.switches.services.priority import waiting_for_budget
from billing.vos3000 import Client, Malformed, UnreadableRecord, Withheld
from billing.vos3000.operations.calls import Cdr, RoutedCdr, get_cdr
from billing.vos3000.operations.customers import get_customers

# The claim of a process that died on a day ends after so long.
LONGEST_SILENCE = timedelta(minutes=5)
# How long a day that cannot be fetched waits after each failure: 10, 20, 40, 80, then always 120 minutes.
PAUSES = Backoff(first=timedelta(minutes=10), longest=timedelta(hours=2))
MOST_FAILURES_COUNTED = 5
POSTPONED_FOR = timedelta(seconds=50)  # until the next slot


@dataclass(frozen=True)
class DayFailure:
    """A day of an account that could not be fetched, and why."""

    account: Account
    day: date
    why: Reason


@dataclass
class Fetched:
    """What became of the days that were to be fetched; `days` counts account-days.

    `busy` are accounts whose day another process was fetching, `postponed` those that the next slot asks for again,
    because the answer for several accounts said nothing of each.
    """

    days: int = 0
    calls: int = 0
    busy: list[Account] = field(default_factory=list)
    postponed: list[Account] = field(default_factory=list)
    failures: list[DayFailure] = field(default_factory=list)

    def add(self, other: Fetched) -> None:
        self.days += other.days
        self.calls += other.calls
        self.busy += other.busy
        self.postponed += other.postponed
        self.failures += other.failures

    def pop_unfinished(self) -> list[Account]:
        """Take out the accounts that are to be asked for again, with their failures. For the days of one date."""
        again = self.busy + self.postponed
        self.failures = [failed for failed in self.failures if failed.account not in self.postponed]
        self.busy, self.postponed = [], []
        return again


def fetch_days(
    *, accounts: Iterable[Account], first: date, last: date, now: datetime, missing_only: bool = False
) -> Fetched:
    """Fetch these days again, or only those that are missing: the last day first, accounts in the order given.

    A day that fails keeps its rows and is listed in `failures`. Raises Withheld when the switch's budget is used up;
    what was fetched until then stands.
    """
    fetched = Fetched()
    by_switch = sorted(accounts, key=lambda account: account.switch_id)
    for _, of_switch in groupby(by_switch, key=lambda account: account.switch_id):
        members = list(of_switch)
        switch = members[0].switch
        known = first_known_day(switch=switch, now=now)
        for day in each_day(first, min(last, known - DAY)) if first < known else ():
            why = NotFetched.NO_LONGER_KEPT if day < first_whole_day(now) else NotFetched.NOT_ON_SWITCH
            fetched.failures += [DayFailure(account, day, why) for account in members]
        days = list(reversed(list(each_day(max(first, known), last))))
        members, missing = _known_and_missing(members)
        for day in days:
            fetched.failures += _note_failed_days(missing, day, SwitchFailure.ACCOUNT_GONE, now)
        with ExitStack() as stack:
            try:
                asking = stack.enter_context(client(switch))
            except FAILURES as error:
                fetched.failures += _note_failed_days(members, last, failure(error), now)
                continue
            for day in days:
                for group in request_groups.groups(switch=switch, accounts=members, day=day):
                    fetched.add(_fetch_claimed(switch, asking, group, day, now, missing_only))
    return fetched


def _known_and_missing(accounts: list[Account]) -> tuple[list[Account], list[Account]]:
    """Tell the accounts that the switch lists from those that it does not: its silence about these says nothing."""
    missing = [account for account in accounts if account.missing_since is not None]
    return [account for account in accounts if account.missing_since is None], missing


def being_fetched(*, account: Account, days: Iterable[date]) -> set[date]:
    """Find which of these days a process is fetching at this moment, as far as Redis knows."""
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
    """Fetch the accounts of the group whose day no other process is fetching."""
    claims = {_claim(account, day): account for account in group.accounts}
    with hold_each(list(claims), longest=LONGEST_SILENCE) as held:
        ours = [account for claim, account in claims.items() if claim in held]
        fetched = Fetched(busy=[account for claim, account in claims.items() if claim not in held])
        if missing_only:
            # Another process may have fetched it since it was found missing.
            rows = CallDay.objects.filter(IS_FETCHED, account__in=ours, day=day)
            present = set(rows.values_list("account_id", flat=True))
            ours = [account for account in ours if account.pk not in present]
        if ours:
            fetched.add(_fetch(switch, asking, replace(group, accounts=ours), day, now))
        return fetched


def _fetch(switch: Switch, asking: Client, group: Group, day: date, now: datetime) -> Fetched:
    """Fetch the day of a group with one request for calls, and note what became of it. Raises Withheld."""
    try:
        stage = _stage(switch, asking, group.accounts, day)
        # What an answer is checked with waits for its turn: it would have to be asked for again.
        with waiting_for_budget():
            gone = _unknown_to_the_switch(asking, group.accounts, stage)
            rest = [account for account in group.accounts if account not in gone]
            if gone and not stage.records:
                # The switch may have answered "not found" because of the accounts that are gone.
                _postpone(rest, day, now)
                return Fetched(postponed=rest, failures=_note_missing(gone, day, now))
            dropped_there = switch_silence.unconfirmed_empty_days(
                asking=asking, accounts=_emptied(rest, stage), day=day, now=now
            )
        stage.leave_out([*gone, *dropped_there])
        if stage.accounts:
            replacing.replace_day(switch=switch, stage=stage, now=now)
    except Withheld:
        raise
    except FAILURES as error:
        if resting := quiet_hours.refuses_records(switch=switch, error=error, now=now):
            raise resting from error
        return _note_failure(switch, group, day, error, now)
    if stage.unreadable.count:
        request_groups.ask_alone(switch=switch, group=group)
    failures = _note_missing(gone, day, now) + _note_failed_days(dropped_there, day, NotFetched.NOT_ON_SWITCH, now)
    # Calls that the switch dropped do not come back: their totals are all that is known.
    CallDay.objects.filter(account__in=dropped_there, day=day, calls_dropped=True).update(calls_dropped=False)
    return Fetched(days=len(stage.accounts), calls=stage.records, failures=failures)


def _stage(switch: Switch, asking: Client, group: list[Account], day: date) -> staging.Stage:
    """Ask for the calls of these accounts and stage them.

    Raises Malformed where records cannot be read and the answer, which is for several accounts, does not say whose.
    """
    numbers = {account.number: account.pk for account in group}
    routing = RoutingStage(day, numbers) if switch.keep_routing else None
    stage = staging.Stage(day, numbers, routing=routing)
    kind = RoutedCdr if routing else Cdr
    records: Iterable[Cdr | UnreadableRecord] = get_cdr(asking, accounts=list(numbers), first=day, last=day, kind=kind)
    for record in routing.noting(records) if routing else records:
        if isinstance(record, Cdr):
            stage.add(record)
        else:
            stage.unreadable.add(Because(RecordFault.MALFORMED, {"error": record.reason}), record.excerpt)
    stage.write()
    if stage.unreadable.count and len(group) > 1:
        raise Malformed("GetCdr", "records of some of several accounts cannot be read")
    return stage


def _note_failure(switch: Switch, group: Group, day: date, error: Exception, now: datetime) -> Fetched:
    """Note that a group's day could not be fetched, and ask for fewer accounts at once where that may help."""
    accounts, why = group.accounts, failure(error)
    if group.is_shared and is_unusable(error):
        request_groups.ask_by_halves(switch=switch, group=group)
        _postpone(accounts, day, now, failed_at=now, failure=why)
        return Fetched(postponed=accounts, failures=[DayFailure(account, day, why) for account in accounts])
    if is_unusable(error):
        request_groups.ask_alone(switch=switch, group=group)
    return Fetched(failures=_note_failed_days(accounts, day, why, now))


def _unknown_to_the_switch(asking: Client, group: list[Account], stage: staging.Stage) -> list[Account]:
    """Find the accounts without records that the switch does not list: no answer about them may empty their day."""
    if stage.unreadable.count:
        return []
    silent = [account for account in group if account.pk not in stage.accounts_with_records]
    # An answer without any record may be a refusal for the sake of one of several.
    if stage.records or len(group) == 1:
        held = replacing.accounts_with_calls([account.pk for account in silent], stage.day)
        silent = [account for account in silent if account.pk in held]
    if not silent:
        return []
    numbers = [account.number for account in silent]
    listed = get_customers(asking, accounts=numbers)
    # A row that cannot be read is that of an account all the same.
    known = {customer.account for customer in listed} | {row.name for row in listed.unreadable}
    if (not known or "" in known) and len(numbers) > 1:
        known = {number for number in numbers if _is_listed(asking, number)}
    elif "" in known:
        known.add(numbers[0])
    return [account for account in silent if account.number not in known]


def _is_listed(asking: Client, number: str) -> bool:
    listed = get_customers(asking, accounts=[number])
    return bool(listed or listed.unreadable)


def _emptied(group: list[Account], stage: staging.Stage) -> list[Account]:
    """Find the accounts that have calls of the day here and none in the answer."""
    silent = [account for account in group if account.pk not in stage.accounts_with_records]
    if stage.unreadable.count or not silent:
        return []
    held = replacing.accounts_with_calls([account.pk for account in silent], stage.day)
    return [account for account in silent if account.pk in held]


def _note_missing(accounts: list[Account], day: date, now: datetime) -> list[DayFailure]:
    """Mark accounts as missing on the switch: they are not asked for any more until it lists them again."""
    missing = [account.pk for account in accounts]
    Account.objects.filter(pk__in=missing, missing_since__isnull=True).update(missing_since=now)
    return _note_failed_days(accounts, day, SwitchFailure.ACCOUNT_GONE, now)


def _note_failed_days(accounts: list[Account], day: date, why: Reason, now: datetime) -> list[DayFailure]:
    """Note that each account's day failed by itself: it is tried again later after every failure."""
    for account in accounts:
        row, _ = CallDay.objects.get_or_create(account=account, day=day)
        row.failed_at, row.failure = now, why
        row.fetch_again_at = now + PAUSES.pause(row.failures)
        row.failures = min(row.failures + 1, MOST_FAILURES_COUNTED)
        row.save(update_fields=["failed_at", "failure", "failures", "fetch_again_at"])
    return [DayFailure(account, day, why) for account in accounts]


def _postpone(accounts: list[Account], day: date, now: datetime, **facts: Any) -> None:
    """Leave the day of these accounts to the next slot.

    Each row is written by itself, so that no process waits for one row while it holds another.
    """
    for account in accounts:
        values = {"failures": 0, "fetch_again_at": now + POSTPONED_FOR, **facts}
        CallDay.objects.update_or_create(account=account, day=day, defaults=values)
