"""Bringing a switch's accounts up to date in one go, part by part, for the command `sync`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial

from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Switch
from billing.balances.services import balances, profiles
from billing.calls.services import fetching as call_fetching
from billing.calls.services import proving as call_proving
from billing.lib.days import DAY, begin_of, day_of, each_day
from billing.lib.reasons import Reason
from billing.switches.services.failures import FAILURES, failure
from billing.sync.services import mirroring

# For how many seconds the command waits for a day that a worker is fetching, or asks again for one that was put off.
LONGEST_WAIT, PAUSE = 60, 0.5


class NotCaughtUp(Reason):
    """Why an account or its day is not up to date, although the switch answers."""

    NO_SUCH_ACCOUNT = "sync.no_such_account", _("The switch has no such account.")
    UNUSABLE = "sync.unusable", _("What the switch says of this account cannot be used; the staff site says why.")
    BUSY = "sync.busy", _("Another process is fetching this day.")
    DIFFERS = "sync.differs", _("The calls differ from the switch's own report.")
    NO_REPORT = "sync.no_report", _("The switch's own report of this day cannot be used.")


@dataclass(frozen=True)
class Failure:
    """What could not be read, and why: calls of a day, or without a day the payments or the account itself."""

    account: str
    day: date | None
    why: Reason


@dataclass
class CaughtUp:
    """What was brought up to date: accounts, their days with how many calls, and new payments and charges."""

    accounts: int = 0
    days: int = 0
    calls: int = 0
    payments: int = 0
    charges: int = 0
    failed: list[Failure] = field(default_factory=list)


Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class CatchUp:
    """The work of catching up with a switch: `parts` are its pieces, and `done` is what they have come to so far."""

    switch: Switch
    first: date
    last: date
    clock: Clock = utc_now
    done: CaughtUp = field(default_factory=CaughtUp)

    def choose(self, numbers: Sequence[str]) -> list[Account]:
        """Read profiles and balances of these accounts, or of all of the switch, and return them. Raises SwitchError.

        The balances come before the calls, because the calls can explain only balances that were stated before them.
        """
        if not numbers:
            balances.refresh_all(switch=self.switch, now=self.clock())
        listed = Account.objects.filter(switch=self.switch, missing_since__isnull=True).order_by("number")
        requested = list(numbers) or list(listed.values_list("number", flat=True))
        refreshed = profiles.refresh(switch=self.switch, numbers=requested, now=self.clock())
        chosen = list(listed.filter(number__in=requested).select_related("switch"))
        self.done.failed += [Failure(number, None, NotCaughtUp.UNUSABLE) for number in sorted(refreshed.failed)]
        unknown = set(numbers) - {account.number for account in chosen} - refreshed.failed.keys()
        self.done.failed += [Failure(number, None, NotCaughtUp.NO_SUCH_ACCOUNT) for number in sorted(unknown)]
        self.done.accounts = len(chosen)
        return chosen

    def parts(self, accounts: Sequence[Account]) -> Iterator[Callable[[], None]]:
        """The calls of each day, the last day first; then the proof of all days, and the payments of each account."""
        if not accounts:
            return
        for day in reversed(list(each_day(self.first, self.last))):
            yield partial(self._fetch, accounts, day)
        yield partial(self._prove, accounts)
        for account in accounts:
            yield partial(self._mirror, account)

    def number_of_parts(self, accounts: Sequence[Account]) -> int:
        return (self.last - self.first).days + 2 + len(accounts) if accounts else 0

    def _fetch(self, accounts: Sequence[Account], day: date) -> None:
        try:
            fetched = call_fetching.fetch_days(accounts=accounts, first=day, last=day, now=self.clock())
            give_up = time.monotonic() + LONGEST_WAIT
            while (fetched.busy or fetched.postponed) and time.monotonic() < give_up:
                time.sleep(PAUSE)
                again = fetched.pop_unfinished()
                fetched.add(call_fetching.fetch_days(accounts=again, first=day, last=day, now=self.clock()))
        except FAILURES as error:
            self.done.failed += [Failure(account.number, day, failure(error)) for account in accounts]
            return
        self.done.days += fetched.days
        self.done.calls += fetched.calls
        self.done.failed += [Failure(row.account.number, row.day, row.why) for row in fetched.failures]
        self.done.failed += [Failure(account.number, day, NotCaughtUp.BUSY) for account in fetched.busy]

    def _prove(self, accounts: Sequence[Account]) -> None:
        last = min(self.last, day_of(self.clock(), self.switch.zone) - DAY)
        if last < self.first:
            return
        try:
            proven = call_proving.prove_days(
                switch=self.switch, accounts=accounts, first=self.first, last=last, now=self.clock()
            )
        except FAILURES as error:
            self.done.failed += [Failure(account.number, None, failure(error)) for account in accounts]
            return
        self.done.failed += [Failure(row.account.number, row.day, NotCaughtUp.DIFFERS) for row in proven.differing]
        self.done.failed += [
            Failure(row.account.number, row.day, NotCaughtUp.NO_REPORT) for row in proven.without_report
        ]

    def _mirror(self, account: Account) -> None:
        since = begin_of(self.first, self.switch.zone)
        try:
            new = mirroring.mirror(account=account, now=self.clock(), since=since)
        except FAILURES as error:
            self.done.failed.append(Failure(account.number, None, failure(error)))
            return
        self.done.payments += new.payments
        self.done.charges += new.charges
