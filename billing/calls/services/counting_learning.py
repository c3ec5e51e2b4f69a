"""Learning by which rule the daily report of a switch counts calls, from days that are complete.

Every rule is tried on every such day, in the calendar of the switch and in that which the account's reports state; for
an account that neither explains, in those of the whole earth. A day that no rule explains says nothing about the rule.
The rules that fail to explain the fewest days are possible; where they agree but for decimals, the rule is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice

from django.db import transaction
from django.db.models import F, Q

from accounts.models import Switch
from billing.calls.models import CallDay, CountingRule, DayState, ReportCalendar
from billing.calls.services.counting_rules import RULES, Reported, Rule
from billing.calls.services.counting_sums import (
    SWITCHS,
    Calendar,
    KnownDays,
    Window,
    stated_offset,
    sums_of,
)
from billing.lib.days import DAY, day_of

LEARNT_OVER = 14 * DAY
MOST_DAYS = 600
# Days of larger accounts would take long to add up, and say no more.
MOST_CALLS = 2000
# What is tried of accounts whose calendar is searched for in the whole earth.
SEARCHED_DAYS, SEARCHED_ACCOUNTS = 5, 20
LEAST_EVIDENCE = 3
# Some days differ by themselves and are explained by another rule by chance: of so many, one.
DAYS_BY_CHANCE = 10
HOUR = timedelta(hours=1)
# Hours from UTC, with the zones of half and quarter hours.
OFFSETS = [
    hours * HOUR for hours in sorted([*range(-12, 15), -9.5, -3.5, 3.5, 4.5, 5.5, 5.75, 6.5, 8.75, 9.5, 10.5, 12.75])
]
Explained = Mapping[Calendar, frozenset[Rule]]


@dataclass
class AccountEvidence:
    """Complete days of an account, and by which rules each is what is reported, in each calendar."""

    days: list[tuple[CallDay, Explained]] = field(default_factory=list)

    @property
    def telling(self) -> list[tuple[CallDay, Explained]]:
        return [(row, explained) for row, explained in self.days if any(explained.values())]

    def unexplained(self, rule: Rule, calendar: Calendar) -> int:
        return sum(rule not in explained.get(calendar, ()) for _, explained in self.telling)

    def best(self, rule: Rule) -> tuple[int, list[Calendar]]:
        """Return how many days a rule leaves unexplained at best, and in which calendars."""
        calendars = {calendar for _, explained in self.telling for calendar in explained}
        counted = {calendar: self.unexplained(rule, calendar) for calendar in calendars}
        least = min(counted.values(), default=0)
        return least, [calendar for calendar, count in counted.items() if count == least]


@dataclass
class Learnt:
    """What the evidence comes to: the rules that are possible, and how many days these do not explain."""

    accounts: Mapping[int, AccountEvidence]
    possible: frozenset[Rule] = RULES
    contradictions: int = 0
    as_listed: bool = False

    @property
    def days(self) -> list[CallDay]:
        return [row for evidence in self.accounts.values() for row, _ in evidence.telling]

    @property
    def rule(self) -> Rule | None:
        """The rule that is known by now, if one is: of the decimals, as few as do."""
        named = min(self.possible, key=lambda rule: rule.places)
        is_one = len({rule.way for rule in self.possible}) == 1
        return named if is_one and self.is_sure else None

    @property
    def is_sure(self) -> bool:
        """Whether there is enough evidence for the rules that are possible, and little against them."""
        return len(self.days) >= max(LEAST_EVIDENCE, DAYS_BY_CHANCE * self.contradictions)

    @property
    def proving(self) -> frozenset[Rule]:
        """The rules that all have to explain a day for it to be proven: no day rules any out for itself alone."""
        return self.possible if self.is_sure else RULES

    def calendars(self, account: int) -> list[Calendar]:
        """Return in which calendars an account's reports may be; one, unless its days do not tell yet."""
        evidence = self.accounts.get(account)
        if evidence is None or not evidence.telling:
            return []
        found = {calendar for rule in self.possible for calendar in evidence.best(rule)[1]}
        for sure in (*(one for one in found if one.is_stated), SWITCHS):
            if sure in found:
                return [sure]
        return sorted(found, key=_likelihood)


def _likelihood(calendar: Calendar) -> tuple[int, timedelta]:
    """Sort whole hours from UTC before half ones, and these before quarters."""
    offset = calendar.offset or timedelta(0)
    return [not offset % part for part in (HOUR, HOUR / 2, HOUR / 4)].index(True), offset


def explain(
    known: KnownDays, rows: Sequence[CallDay], tried: Sequence[Sequence[Calendar]]
) -> list[tuple[CallDay, Explained]]:
    """Try every rule on every day, in each of the calendars that stand beside it; days not complete are left out."""
    complete: list[tuple[CallDay, Sequence[Calendar]]] = []
    windows: list[Window] = []
    for row, calendars in zip(rows, tried, strict=True):
        of_day = [known.window(row, calendar) for calendar in calendars]
        if all(known.is_complete(window) for window in of_day):
            complete.append((row, calendars))
            windows += of_day
    sums = iter(sums_of(windows))
    found: list[tuple[CallDay, Explained]] = []
    for row, calendars in complete:
        reported = Reported.of(row)
        found.append((row, {calendar.key: reported.explained_by(next(sums)) for calendar in calendars}))
    return found


def learn(switch: Switch, *, since: date | None, now: datetime, accounts: Collection[int] | None = None) -> Learnt:
    """Weigh the evidence of the last days, of all accounts or of some. Reads alone."""
    first = max(filter(None, (since, day_of(now, switch.zone) - LEARNT_OVER)))
    chosen = Q() if accounts is None else Q(account__in=accounts)
    rows = list(
        CallDay.objects.filter(
            chosen,
            Q(calls__gt=0) | Q(reported_calls__gt=0),
            account__switch=switch,
            account__missing_since__isnull=True,
            day__gte=first,
            day__lt=day_of(now, switch.zone),
            reported_calls__isnull=False,
            checked_at__gte=F("fetched_at"),
            unusable_report__isnull=True,
            unreadable=0,
            calls__lte=MOST_CALLS,
        ).order_by("-day", "account_id")[:MOST_DAYS]
    )
    known = KnownDays.around(switch, rows)
    evidence: dict[int, AccountEvidence] = defaultdict(AccountEvidence)
    for row, explained in explain(known, rows, [known.calendars(row) for row in rows]):
        evidence[row.account_id].days.append((row, explained))
    lost = (one for one in evidence.values() if len(one.days) > 1 and 2 * len(one.telling) <= len(one.days))
    for of_account in islice(lost, SEARCHED_ACCOUNTS):
        _try_everywhere(known, of_account)
    learnt = Learnt(evidence)
    unexplained = {rule: sum(one.best(rule)[0] for one in evidence.values()) for rule in RULES}
    learnt.contradictions = min(unexplained.values())
    learnt.possible = frozenset(rule for rule, days in unexplained.items() if days == learnt.contradictions)
    learnt.as_listed = _is_as_listed(known, learnt)
    return learnt


def _try_everywhere(known: KnownDays, evidence: AccountEvidence) -> None:
    """Try an account's days in every calendar of the earth: neither the switch's nor a stated one explains them."""
    rows = [row for row, _ in evidence.days][:SEARCHED_DAYS]
    offsets = [Calendar(offset) for offset in OFFSETS]
    found = explain(known, rows, [offsets] * len(rows))
    before = {row.pk: explained for row, explained in evidence.days}
    if any(any(explained.values()) for _, explained in found):
        evidence.days = [(row, {**before[row.pk], **explained}) for row, explained in found]


def _is_as_listed(known: KnownDays, learnt: Learnt) -> bool:
    """Whether the calls listed for a day are those that the rule counts, in the switch's calendar."""
    if learnt.rule is None:
        return False
    rows = [row for pk, one in learnt.accounts.items() if learnt.calendars(pk) == [SWITCHS] for row, _ in one.telling]
    sums = sums_of([known.window(row, SWITCHS) for row in rows])
    counted = [of_day[learnt.rule.day_by, True] for of_day in sums]
    return bool(rows) and all(
        (row.calls + row.elsewhere_calls, row.fee + row.elsewhere_fee) == (one.calls, one.fee)
        for row, one in zip(rows, counted, strict=True)
    )


def rule_of(switch: Switch) -> CountingRule:
    return CountingRule.objects.get_or_create(switch=switch)[0]


@transaction.atomic
def keep(switch: Switch, learnt: Learnt, *, now: datetime) -> CountingRule:
    """Keep what was learnt with its evidence; once the rule is known, days that waited for it are compared next."""
    kept = CountingRule.objects.select_for_update().get(switch=switch)
    days = [row.day for row in learnt.days]
    kept.evidence_days, kept.contradictions = len(days), learnt.contradictions
    kept.evidence_first, kept.evidence_last = min(days, default=None), max(days, default=None)
    kept.possible_rules = len({rule.way for rule in learnt.possible})
    if rule := learnt.rule:
        if (kept.day_by, kept.unanswered) == rule.way:
            # Nothing changed but one day, which differs by itself.
            kept.learnt_from = None
        kept.day_by, kept.unanswered, kept.places = rule.day_by, rule.unanswered, rule.places
        kept.as_listed, kept.decided_at = learnt.as_listed, now
        waiting = CallDay.objects.filter(account__switch=switch, state=DayState.NOT_KNOWN)
        waiting.update(next_try_at=None)
    kept.save()
    if rule:
        for account in sorted(learnt.accounts, key=lambda account: len(learnt.calendars(account))):
            keep_calendar(learnt, account, now=now)
    return kept


def keep_calendar(learnt: Learnt, account: int, *, now: datetime) -> None:
    """Keep in which calendar the reports of an account are, where its days tell it and it is not the switch's."""
    calendars = learnt.calendars(account)
    if calendars == [SWITCHS]:
        ReportCalendar.objects.filter(account=account).delete()
    if not calendars or calendars == [SWITCHS]:
        return
    days = [row for row, _ in learnt.accounts[account].telling]
    switch = Switch.objects.get(accounts=account)
    offsets = [calendar.offset for calendar in calendars if calendar.offset is not None]
    if len(offsets) > 1:
        beside = ReportCalendar.objects.filter(account__switch=switch).exclude(account=account)
        of_others = {offset for of_one in beside.values_list("offsets", flat=True) for offset in of_one[:1]}
        # Of several that fit, one in which other accounts of the switch are is likelier.
        offsets.sort(key=lambda offset: offset not in of_others)
    if calendars[0].is_stated:
        stated = [(row.day, offset) for row in days if (offset := stated_offset(switch, row)) is not None]
        offsets = [max(stated)[1]] if stated else []
    if not offsets:
        return
    values = {
        "offsets": offsets,
        "is_stated": calendars[0].is_stated,
        "evidence_days": len(days),
        "evidence_first": min(row.day for row in days),
        "evidence_last": max(row.day for row in days),
    }
    ReportCalendar.objects.update_or_create(
        account_id=account, defaults=values, create_defaults={**values, "decided_at": now}
    )
