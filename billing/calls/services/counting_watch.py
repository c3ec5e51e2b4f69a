"""Watching the rule by which a switch counts: a day that speaks against it ends it, and it is learnt again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from accounts.models import Switch
from billing.calls.models import CallDay, CountingRule, DayState
from billing.calls.services import counting_learning
from billing.calls.services.counting_learning import MOST_CALLS, OFFSETS, explain
from billing.calls.services.counting_sums import Calendar, KnownDays, stated_offset
from billing.calls.services.day_verdicts import calendars_of, compared_in, decided

logger = logging.getLogger(__name__)


def watch(*, switch: Switch, differing: Sequence[CallDay], now: datetime) -> list[CallDay]:
    """Find, of days that still differ after they were fetched again, those that another rule or calendar explains.

    A rule that a day contradicts is known no longer; nor is the calendar of an account whose day another one explains.
    """
    kept = counting_learning.rule_of(switch)
    if kept.decided_at is None or not differing:
        return []
    rule = decided(kept)
    days = [row for row in differing if _may_speak(row, kept)]
    known, calendars = KnownDays.around(switch, days), calendars_of(days)
    found, elsewhere = [], []
    for row, explained in explain(known, days, [known.calendars(row) for row in days]):
        compared = {one.key for one in compared_in(switch, row, calendars)}
        ways = {one.way for calendar, rules in explained.items() if calendar not in compared for one in rules}
        if rule.way in ways:
            elsewhere.append(row)
        elif any(explained.values()):
            found.append(row)
    if found:
        _end(kept, found, now)
    strangers = [row for row in days if row not in found + elsewhere and not _ever_proven(row)]
    offsets = [Calendar(offset) for offset in OFFSETS]
    for row, explained in explain(known, strangers, [offsets] * len(strangers)):
        if any(one.way == rule.way for rules in explained.values() for one in rules):
            elsewhere.append(row)
    if elsewhere:
        learn_calendars(switch=switch, days=elsewhere, now=now)
    return found + elsewhere


def _may_speak(row: CallDay, kept: CountingRule) -> bool:
    """Whether a day may speak against the rule: not once more, if the rule was learnt again in spite of it."""
    ended = kept.contradicted_at
    is_new = ended is None or row.unproven_since is None or row.unproven_since > ended
    return is_new and row.calls <= MOST_CALLS and not row.unreadable


def _end(kept: CountingRule, days: Sequence[CallDay], now: datetime) -> None:
    first = min(days, key=lambda row: row.day)
    logger.warning("Switch %s: %s speaks against how it counted, %s", kept.switch, first, decided(kept))
    kept.decided_at, kept.learnt_from = None, first.day
    kept.contradicted_at, kept.contradicted_by = now, first.account
    kept.save()


def _ever_proven(row: CallDay) -> bool:
    """Whether a day of the account with calls was ever proven: then its calendar is not in question."""
    return CallDay.objects.filter(account=row.account_id, state=DayState.PROVEN, calls__gt=0).exists()


def learn_calendars(*, switch: Switch, days: Sequence[CallDay], now: datetime) -> bool:
    """Learn again in which calendars the reports of these days' accounts are. Return whether one is another now."""
    kept = counting_learning.rule_of(switch)
    if kept.decided_at is None or not days:
        return False
    accounts = {row.account_id for row in days}
    before = calendars_of(days)
    learnt = counting_learning.learn(switch, since=kept.learnt_from, now=now, accounts=accounts)
    for account in sorted(accounts, key=lambda account: len(learnt.calendars(account))):
        counting_learning.keep_calendar(learnt, account, now=now)
    return calendars_of(days) != before


def without_known_calendar(switch: Switch, days: Sequence[CallDay]) -> list[CallDay]:
    """Choose days whose reports state another midnight than the switch's, of accounts whose calendar is not known."""
    known = calendars_of(days)
    return [row for row in days if row.account_id not in known and stated_offset(switch, row) is not None]
