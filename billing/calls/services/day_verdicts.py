"""Judging fetched days by what the switch reports of them: by the rule by which it counts, or by all possible ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from accounts.models import Switch
from billing.calls.models import CallDay, CountingRule, DayState, ReportCalendar
from billing.calls.services import counting_learning
from billing.calls.services.counting_learning import Learnt
from billing.calls.services.counting_rules import RULES, Counted, Reported, Rule, Sums
from billing.calls.services.counting_sums import SWITCHS, Calendar, KnownDays, stated_offset, sums_of
from billing.lib.amounts import decimal_places

NOTHING = Decimal(0)


@dataclass(frozen=True)
class Verdict:
    """What a day is: proven where its sums, with `apart_…` added, are what is reported, and else `otherwise`.

    `apart_…` is what the rule of the report makes of the sums of what is listed for the day.

    Without `otherwise` it cannot be compared yet, and stays what it is.
    """

    day: CallDay
    otherwise: DayState | None
    may_be_proven: bool = False
    apart_calls: int = 0
    apart_fee: Decimal = NOTHING
    slack: Decimal = NOTHING


def judge(*, switch: Switch, days: Sequence[CallDay], now: datetime) -> list[Verdict]:
    """Judge days whose reports were read. Learns from them by which rule the switch counts where that is not known."""
    if not days:
        return []
    kept, learnt = counting_learning.rule_of(switch), Learnt({})
    if kept.decided_at is None:
        learnt = counting_learning.learn(switch, since=kept.learnt_from, now=now)
        kept = counting_learning.keep(switch, learnt, now=now)
    # The rule says nothing of days from before it held: what was proven then stays proven while its report is the same.
    since = kept.learnt_from or date.min
    before = [day for day in days if day.day < since and day.state != DayState.PROVEN]
    days = [day for day in days if day.day >= since]
    verdicts = _by_all(switch, Learnt({}), before)
    if kept.decided_at is None:
        return verdicts + _by_all(switch, learnt, days)
    by_rule = _by_rule(switch, kept, days)
    _refine_places(kept, by_rule)
    return verdicts + by_rule


def _refine_places(kept: CountingRule, verdicts: Iterable[Verdict]) -> None:
    """Note that fees have more decimals than the rule was learnt with, where one that is equal does."""
    equal = (verdict.day.reported_fee for verdict in verdicts if verdict.may_be_proven)
    places = max((decimal_places(fee) for fee in equal if fee), default=0)
    if places > (kept.places or 0):
        CountingRule.objects.filter(pk=kept.pk).update(places=places)


def decided(kept: CountingRule) -> Rule:
    return Rule(kept.day_by, bool(kept.unanswered), kept.places or 0)


def calendars_of(days: Iterable[CallDay]) -> Mapping[int, Sequence[Calendar]]:
    """Return the calendars of reports, by account, that are known not to be the switch's."""
    rows = ReportCalendar.objects.filter(account__in={day.account_id for day in days})
    return {row.account_id: [Calendar(offset, row.is_stated) for offset in row.offsets] for row in rows}


def compared_in(switch: Switch, day: CallDay, known: Mapping[int, Sequence[Calendar]]) -> Sequence[Calendar]:
    """Return the calendars in which a day is compared: what is known, or what its report states, or the switch's."""
    if day.account_id in known:
        return known[day.account_id]
    offset = stated_offset(switch, day)
    return [SWITCHS if offset is None else Calendar(offset, is_stated=True)]


def _by_rule(switch: Switch, kept: CountingRule, days: Sequence[CallDay]) -> list[Verdict]:
    """Judge days by the rule that is known: by what is listed for a day where that is the same, else by its calls."""
    rule, calendars = decided(kept), calendars_of(days)
    verdicts, to_count = [], []
    for day in days:
        tried = compared_in(switch, day, calendars)
        is_listed = kept.as_listed and tried == [SWITCHS]
        counted = _listed(day, unanswered=rule.unanswered) if is_listed else None
        if day.unreadable or (counted and Reported.of(day).equals(counted, rule.places)):
            verdicts.append(_compared(day, counted, rule.places))
        else:
            to_count.append((day, tried, DayState.DIFFERS if is_listed else None))
    return verdicts + _by_calls(switch, rule, to_count)


def _by_calls(
    switch: Switch, rule: Rule, days: Sequence[tuple[CallDay, Sequence[Calendar], DayState | None]]
) -> list[Verdict]:
    """Add up the calls of days as the rule counts them. One that is not complete is what stands beside it."""
    known = KnownDays.around(switch, [day for day, *_ in days])
    sums = _sums(known, {day: calendars for day, calendars, _ in days})
    verdicts = []
    for day, calendars, otherwise in days:
        counted = [sums[day, calendar][rule.way] for calendar in calendars if (day, calendar) in sums]
        equal = [Reported.of(day).equals(one, rule.places) for one in counted]
        if len(counted) < len(calendars):
            verdicts.append(Verdict(day, otherwise))
        elif any(equal) and not all(equal):
            verdicts.append(Verdict(day, DayState.NOT_KNOWN))
        else:
            verdicts.append(_compared(day, counted[0], rule.places))
    return verdicts


def _sums(known: KnownDays, tried: Mapping[CallDay, Sequence[Calendar]]) -> dict[tuple[CallDay, Calendar], Sums]:
    """Add up the calls of days in the calendars for which they are complete."""
    windows = {(day, one): known.window(day, one) for day, calendars in tried.items() for one in calendars}
    complete = [key for key, window in windows.items() if known.is_complete(window)]
    return dict(zip(complete, sums_of([windows[key] for key in complete]), strict=True))


def _compared(day: CallDay, counted: Counted | None, places: int) -> Verdict:
    """Judge a day by what the rule counts; None: that cannot be said of it."""
    if counted is None:
        return Verdict(day, DayState.DIFFERS)
    return Verdict(
        day,
        DayState.DIFFERS,
        may_be_proven=Reported.of(day).equals(counted, places),
        apart_calls=counted.calls - day.calls - day.elsewhere_calls,
        apart_fee=counted.fee - day.fee - day.elsewhere_fee,
        slack=Reported.of(day).slack(counted, places),
    )


def _listed(day: CallDay, *, unanswered: bool) -> Counted | None:
    """Return what the list of the day comes to; None where it does not tell without its calls."""
    fee = day.fee + day.elsewhere_fee
    if unanswered:
        return Counted(day.calls + day.elsewhere_calls, fee)
    return None if day.elsewhere_calls else Counted(day.answered, fee)


def _by_all(switch: Switch, learnt: Learnt, days: Sequence[CallDay]) -> list[Verdict]:
    """Judge days by every rule that is possible: proven by all of them, or not yet known."""
    known = KnownDays.around(switch, days)
    tried = {day: _calendars(known, learnt, day) for day in days}
    sums = _sums(known, tried)
    verdicts = []
    for day, calendars in tried.items():
        found = [sums[day, calendar] for calendar in calendars if (day, calendar) in sums]
        if day.unreadable:
            verdicts.append(Verdict(day, DayState.DIFFERS))
        elif len(found) < len(calendars):
            verdicts.append(_by_list(day, learnt, is_switchs=calendars == [SWITCHS]))
        else:
            verdicts.append(_by_each(day, learnt, found))
    return verdicts


def _calendars(known: KnownDays, learnt: Learnt, day: CallDay) -> list[Calendar]:
    candidates = known.calendars(day)
    possible = learnt.calendars(day.account_id)
    if not possible or possible[0].is_stated:
        return candidates[-1:]
    return possible


def _by_list(day: CallDay, learnt: Learnt, *, is_switchs: bool) -> Verdict:
    """Judge a day that is not complete by its list alone, which no rule can make another where nothing is apart."""
    ways = {(rule.unanswered, rule.places) for rule in learnt.proving}
    listed = {way: _listed(day, unanswered=way[0]) for way in ways}
    if is_switchs and all(one and Reported.of(day).equals(one, places) for (_, places), one in listed.items()):
        return _compared(day, Counted(day.calls + day.elsewhere_calls, day.fee + day.elsewhere_fee), max(ways)[1])
    return Verdict(day, DayState.NOT_KNOWN)


def _by_each(day: CallDay, learnt: Learnt, found: Sequence[Sums]) -> Verdict:
    reported = Reported.of(day)
    if all(reported.equals(sums[rule.way], rule.places) for sums in found for rule in learnt.proving):
        strict = max(learnt.proving, key=lambda rule: rule.places)
        return _compared(day, found[0][strict.way], strict.places)
    is_explained = any(reported.explained_by(sums) & RULES for sums in found)
    evidence = learnt.accounts.get(day.account_id)
    tells_of_others = evidence is not None and bool(evidence.telling)
    return Verdict(day, DayState.DIFFERS if tells_of_others and not is_explained else DayState.NOT_KNOWN)
