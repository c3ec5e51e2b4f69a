"""A statement in words: what its page shows and what its PDF prints are these same lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.template.defaultfilters import pluralize
from django.utils import timezone
from django.utils.formats import date_format

from accounts.access import Access
from accounts.lib.money import money
from billing.calls.models import CallDay, DayState
from billing.statements.queries.balance import Missing
from billing.statements.queries.payments import Listed
from billing.statements.queries.statements import Calls, Statement
from billing.statements.views.differences import difference
from billing.statements.views.equation import SumLine, sum_lines
from billing.statements.views.payments import Line, lines
from billing.templatetags.figures import duration, number, signed_money

MOST_NOTES = 20


@dataclass(frozen=True)
class Note:
    title: str
    text: str
    is_odd: bool = False


@dataclass(frozen=True)
class EntryLine:
    at: str
    title: str
    detail: str
    link: str
    amount: str
    after: str


@dataclass(frozen=True)
class CallLine:
    day: str
    state: DayState
    proof: str
    calls: str
    talked: str
    billed: str
    cost: str


@dataclass(frozen=True, kw_only=True)
class Document:
    """Every value is text as it is shown; times and days are those of the switch's calendar.

    `period` are the days that are over, `explained` those that the sums are of; `no_…` stands for an empty list.
    """

    month: str
    period: str
    explained: str
    operator: str
    customer: str
    number: str
    currency: str
    calendar: str
    sums: list[SumLine]
    notes: list[Note]
    entries: list[EntryLine]
    entries_note: str
    no_entries: str
    calls: list[CallLine]
    all_calls: CallLine
    calls_notes: list[str]
    no_calls: str


def document(statement: Statement, access: Access) -> Document:
    """Within the zone of the switch's calendar, so that its days and times are the same for everybody."""
    account = access.account
    currency = account.switch.currency
    return Document(
        month=date_format(statement.month, "F Y"),
        period=_period(statement.first, statement.last),
        explained=_period(statement.sums.first, statement.sums.last) if statement.sums else "",
        operator=settings.PORTAL_NAME,
        customer=account.name or account.number,
        number=account.number,
        currency=currency,
        calendar=account.switch.time_zone,
        sums=sum_lines(statement.sums, access) if statement.sums else [],
        notes=_notes(statement, currency),
        entries=[_entry(line, currency) for line in lines(statement.listed.entries)],
        entries_note=_entries_note(statement.listed),
        no_entries=_none(is_sure=not statement.missing),
        calls=[_calls_of(day, currency) for day in statement.calls.days if day.calls or day.state == DayState.DIFFERS],
        all_calls=_all_calls(statement.calls, currency),
        calls_notes=_calls_notes(statement, currency),
        no_calls=_none(is_sure=not statement.calls.missing),
    )


def _period(first: date, last: date) -> str:
    return f"{_days(first, last)} {last.year}" if first <= last else ""


def _days(first: date, last: date) -> str:
    """Of one month."""
    return date_format(last, "j F") if first == last else f"{first.day} – {date_format(last, 'j F')}"


def _notes(statement: Statement, currency: str) -> list[Note]:
    cases = statement.cases
    notes = [] if statement.is_over else [_so_far(statement)]
    if statement.missing:
        notes.append(_not_reconciled(statement, statement.missing))
    for case in cases[:MOST_NOTES]:
        title = f"{signed_money(case.difference, currency)} that nothing explains."
        notes.append(Note(title, difference(case).text, is_odd=True))
    if len(cases) > MOST_NOTES:
        more = len(cases) - MOST_NOTES
        notes.append(Note(f"{more} more such difference{pluralize(more)}", "Support sees all of them.", is_odd=True))
    if statement.listed_apart:
        title = (
            f"The payments and charges listed differ from the sums by {money(abs(statement.listed_apart), currency)}."
        )
        told = "The balance was worked out before some of them were known; that is done anew by itself."
        notes.append(Note(title, told, is_odd=True))
    return notes


def _so_far(statement: Statement) -> Note:
    if statement.last < statement.first:
        return Note("The month has just begun.", "Its first day is told when it is over.")
    return Note("So far.", "The month goes on; each day is told when it is over.")


def _not_reconciled(statement: Statement, missing: list[Missing]) -> Note:
    days = sum(stretch.days for stretch in missing)
    named = ", ".join(_days(stretch.first, stretch.last) for stretch in missing)
    title = f"{days} day{pluralize(days)} {pluralize(days, 'is,are')} not yet explained: {named}."
    if statement.sums is None:
        return Note(title, "The balances are told when they are.")
    first, last = statement.sums.first, statement.sums.last
    return Note(title, f"The sums are of {_days(first, last)}.")


def _entry(line: Line, currency: str) -> EntryLine:
    entry = line.entry
    detail = entry.reference if line.link else entry.memo
    if entry.elsewhere:
        detail = f"from elsewhere · {entry.memo}" if entry.memo else "from elsewhere"
    return EntryLine(
        at=date_format(timezone.localtime(entry.at), "j M, H:i"),
        title=line.title,
        detail=detail,
        link=line.link,
        amount=signed_money(entry.amount, currency),
        after=money(entry.balance_after, currency),
    )


def _entries_note(listed: Listed) -> str:
    if not listed.left_out:
        return ""
    return f"These are the first {number(len(listed.entries))} of {number(listed.number)}; the sums are of all of them."


def _none(*, is_sure: bool) -> str:
    return "None in these days." if is_sure else "None known yet."


def _calls_of(day: CallDay, currency: str) -> CallLine:
    told = {DayState.PROVEN: "proven", DayState.DIFFERS: "differs"}
    return CallLine(
        day=date_format(day.day, "j M"),
        state=DayState(day.state),
        proof=told.get(DayState(day.state), "not checked yet"),
        calls=number(day.calls),
        talked=duration(day.talk_seconds),
        billed=duration(day.billed_seconds),
        cost=money(day.fee, currency),
    )


def _all_calls(calls: Calls, currency: str) -> CallLine:
    return CallLine(
        day="Together",
        state=DayState.PROVEN if calls.proven == len(calls.days) else DayState.FETCHED,
        proof="",
        calls=number(calls.number),
        talked=duration(calls.talk_seconds),
        billed=duration(calls.billed_seconds),
        cost=money(calls.fee, currency),
    )


def _calls_notes(statement: Statement, currency: str) -> list[str]:
    calls, notes = statement.calls, []
    days = (statement.last - statement.first).days + 1
    if calls.proven:
        notes.append(f"{calls.proven} of {days} days proven: the same calls and cost as the switch reports.")
    elif days > 0:
        notes.append("No day is proven yet: each is compared with the switch’s own report once it is over.")
    if calls.missing:
        notes.append(f"The calls of {calls.missing} day{pluralize(calls.missing)} are not fetched yet.")
    if calls.unreadable:
        are = f"{calls.unreadable} record{pluralize(calls.unreadable)}"
        notes.append(f"{are} could not be read and {pluralize(calls.unreadable, 'is,are')} missing here.")
    if statement.calls_apart:
        apart = money(abs(statement.calls_apart), currency)
        notes.append(
            f"They differ from the calls of the balance by {apart}: there a call counts when it ends, here on the day "
            "of the switch’s report, and what was fetched anew since is worked out anew."
        )
    return notes
