"""Why a balance moved as no record says: what is known of the records, or else a guess for support."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import Account
from billing.balances.models import Cause
from billing.balances.services.balance_chain import BOOKED_WITHIN, Chain, Gap, noise
from billing.calls.models import CallChange, ChangeOfRecord
from billing.lib.instants import MICROSECOND, from_micros, micros

# A record of the last day that is missing may still arrive.
LATE_FOR = timedelta(days=1)
# In millionths: payments are made in whole hundredths, and balances are set to whole units.
HUNDREDTH, UNIT = 10_000, 1_000_000
# So many calls before a stated balance, at most, are taken back one by one to see what the balance was set to.
MOST_TAKEN_BACK = 500


@dataclass(frozen=True)
class Change:
    """A record that changed after it was first read.

    `fee` is how much more or less it says by now that this account pays, in millionths; `at` is in microseconds.
    """

    at: int
    fee: int
    is_gone: bool


def likely(*, account: Account, chain: Chain, now: datetime) -> Mapping[Gap, Cause]:
    """Guess the cause of each gap in an account's chain."""
    if not chain.gaps:
        return {}
    changes = _changes(account, from_micros(chain.gaps[0].begin), from_micros(chain.gaps[-1].end))
    return {gap: _cause(gap, chain, changes, now) for gap in chain.gaps}


def _changes(account: Account, begin: datetime, end: datetime) -> list[Change]:
    """Changed records of the account's own calls and, when it is an agent, of its customers' calls."""
    slack = BOOKED_WITHIN * MICROSECOND
    # A late record is among the calls by now, and so explains itself what it cost.
    near = CallChange.objects.filter(ended_at__range=(begin - slack, end + slack)).exclude(kind=ChangeOfRecord.LATE)
    own = near.filter(account=account).values_list("ended_at", "fee", "kind")
    as_agent = near.filter(account__switch=account.switch, agent_number=account.number)
    rows = [*own, *as_agent.values_list("ended_at", "agent_fee", "kind")]
    return [Change(micros(at), int(fee * UNIT), kind == ChangeOfRecord.GONE) for at, fee, kind in rows if fee]


def _cause(gap: Gap, chain: Chain, changes: list[Change], now: datetime) -> Cause:
    if cause := _cause_by_changes(gap, changes):
        return cause
    if any(other.difference == -gap.difference for other in chain.gaps):
        # What was taken at one time and given at another: the record was edited, or came, after the fact.
        return Cause.RECORD_EDITED
    if gap.difference > 0 and gap.difference % HUNDREDTH == 0:
        return Cause.PAYMENT_WITHOUT_RECORD
    if _was_set(gap, chain):
        return Cause.BALANCE_SET
    if gap.difference > 0:
        return Cause.RECORD_EDITED
    return Cause.LATE_RECORD if now - from_micros(gap.end) < LATE_FOR else Cause.RECORD_MISSING


def _cause_by_changes(gap: Gap, changes: list[Change]) -> Cause | None:
    """The cause where the records that changed after they were first read make just this difference."""
    inside = [change for change in changes if gap.begin - BOOKED_WITHIN <= change.at <= gap.end + BOOKED_WITHIN]
    if not inside or abs(sum(change.fee for change in inside) - gap.difference) > noise(len(inside)):
        return None
    return Cause.RECORD_MISSING if all(change.is_gone for change in inside) else Cause.RECORD_EDITED


def _was_set(gap: Gap, chain: Chain) -> bool:
    """Whether the balance was whole at some instant of the gap, and would not have been by the records."""
    sums = chain.calls.sums
    for until in chain.calls_near(gap.end):
        first = max(bisect_left(chain.calls.times, gap.begin), until - MOST_TAKEN_BACK)
        for count in range(until, first - 1, -1):
            balance = gap.stated + sums[until] - sums[count]
            if balance % UNIT == 0 and (balance - gap.difference) % UNIT:
                return True
    return False


def prune(*, now: datetime) -> int:
    """Delete old notes of changed records, and return how many."""
    deleted, _ = CallChange.objects.filter(noticed_at__lt=now - CallChange.KEPT_FOR).delete()
    return deleted
