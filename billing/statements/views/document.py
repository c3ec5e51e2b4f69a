"""A statement in words: its page shows these lines, and its PDF prints the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from accounts.access import Access
from accounts.lib.money import money
from billing.calls.models import CallDay, DayState
from billing.statements.queries.balance import Missing
from billing.statements.queries.payments import EntryList
from billing.statements.queries.statements import Calls, Statement
from billing.statements.views.differences import difference
from billing.statements.views.equation import SumLine, sum_lines
from billing.statements.views.payments import Line, lines_of
from billing.templatetags.figures import duration, number, signed_money

MOST_NOTES = 20


@dataclass(frozen=True)
class Note:
    """A remark above the figures. An odd one is about what does not add up."""

    title: str
    text: str
    is_odd: bool = False


@dataclass(frozen=True)
class EntryLine:
    """A payment or charge as it is shown."""

    at: str
    title: str
    detail: str
    link: str
    amount: str
    after: str


@dataclass(frozen=True)
class CallLine:
    """The calls of a day, or of all days together, as they are shown. `counted` is their number in words."""

    day: str
    state: DayState
    proof: str
    calls: str
    counted: str
    talked: str
    billed: str
    cost: str


@dataclass(frozen=True, kw_only=True)
class Document:
    """Every value is text as it is shown; times and days are those of the switch's calendar.

    `period` are the days that are over, and `explained` the days that the sums are of. `no_entries` and `no_calls`
    stand in the place of an empty list.
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
    """Word a statement. To be called within the time zone of the switch's calendar."""
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
        entries=[_entry(line, currency) for line in lines_of(statement.entries.shown)],
        entries_note=_entries_note(statement.entries),
        no_entries=_none(is_sure=not statement.missing),
        calls=[_calls_of(day, currency) for day in statement.calls.days if day.calls or day.state == DayState.DIFFERS],
        all_calls=_all_calls(statement.calls, currency),
        calls_notes=_calls_notes(statement, currency),
        no_calls=_none(is_sure=not statement.calls.missing),
    )


def _period(first: date, last: date) -> str:
    return f"{_days(first, last)} {last.year}" if first <= last else ""


def _days(first: date, last: date) -> str:
    """Days of one month, without the year."""
    return date_format(last, "j F") if first == last else f"{first.day} – {date_format(last, 'j F')}"


def _notes(statement: Statement, currency: str) -> list[Note]:
    notes = [] if statement.is_over else [_so_far(statement)]
    if statement.missing:
        notes.append(_not_reconciled(statement, statement.missing))
    notes += _differences(statement, currency)
    if statement.entries_difference:
        amount = money(abs(statement.entries_difference), currency)
        title = gettext("The payments and charges listed differ from the sums by %(amount)s.") % {"amount": amount}
        text = gettext(
            "The balance was worked out before some of them were known; it is worked out again automatically."
        )
        notes.append(Note(title, text, is_odd=True))
    return notes


def _differences(statement: Statement, currency: str) -> list[Note]:
    cases = statement.cases
    notes = []
    for case in cases[:MOST_NOTES]:
        amount = signed_money(case.difference, currency)
        title = gettext("%(amount)s that nothing explains.") % {"amount": amount}
        notes.append(Note(title, difference(case).text, is_odd=True))
    if len(cases) > MOST_NOTES:
        more = len(cases) - MOST_NOTES
        title = ngettext("%(number)s more such difference", "%(number)s more such differences", more)
        notes.append(Note(title % {"number": more}, gettext("Support sees all of them."), is_odd=True))
    return notes


def _so_far(statement: Statement) -> Note:
    if statement.last < statement.first:
        return Note(gettext("The month has just begun."), gettext("Its first day is told when it is over."))
    return Note(gettext("So far."), gettext("The month goes on; each day is told when it is over."))


def _not_reconciled(statement: Statement, missing: list[Missing]) -> Note:
    days = sum(stretch.days for stretch in missing)
    names = ", ".join(_days(stretch.first, stretch.last) for stretch in missing)
    title = ngettext(
        "%(number)s day is not yet explained: %(days)s.", "%(number)s days are not yet explained: %(days)s.", days
    )
    title %= {"number": days, "days": names}
    if statement.sums is None:
        return Note(title, gettext("The balances are told when they are."))
    explained = _days(statement.sums.first, statement.sums.last)
    return Note(title, gettext("The sums are of %(days)s.") % {"days": explained})


def _entry(line: Line, currency: str) -> EntryLine:
    entry = line.entry
    return EntryLine(
        at=date_format(timezone.localtime(entry.at), "j M, H:i"),
        title=line.title,
        detail=line.detail,
        link=line.link,
        amount=signed_money(entry.amount, currency),
        after=money(entry.balance_after, currency),
    )


def _entries_note(entries: EntryList) -> str:
    if not entries.left_out:
        return ""
    figures = {"number": number(len(entries.shown)), "all": number(entries.number)}
    return gettext("These are the first %(number)s of %(all)s; the sums are of all of them.") % figures


def _none(*, is_sure: bool) -> str:
    return gettext("None in these days.") if is_sure else gettext("None known yet.")


def _calls_of(day: CallDay, currency: str) -> CallLine:
    proofs = {
        DayState.PROVEN: gettext("proven"),
        DayState.DIFFERS: gettext("differs"),
        DayState.NOT_KNOWN: gettext("not yet known how this switch counts"),
    }
    return CallLine(
        day=date_format(day.day, "j M"),
        state=DayState(day.state),
        proof=proofs.get(DayState(day.state), gettext("not checked yet")),
        calls=number(day.calls),
        counted=_counted(day.calls),
        talked=duration(day.talk_seconds),
        billed=duration(day.billed_seconds),
        cost=money(day.fee, currency),
    )


def _counted(calls: int) -> str:
    return ngettext("%(number)s call", "%(number)s calls", calls) % {"number": number(calls)}


def _all_calls(calls: Calls, currency: str) -> CallLine:
    return CallLine(
        day=gettext("Together"),
        state=DayState.PROVEN if calls.proven == len(calls.days) else DayState.FETCHED,
        proof="",
        calls=number(calls.number),
        counted=_counted(calls.number),
        talked=duration(calls.talk_seconds),
        billed=duration(calls.billed_seconds),
        cost=money(calls.fee, currency),
    )


def _calls_notes(statement: Statement, currency: str) -> list[str]:
    calls = statement.calls
    notes = [_proof_note(statement)]
    if calls.missing:
        note = ngettext(
            "The calls of %(number)s day are not fetched yet.",
            "The calls of %(number)s days are not fetched yet.",
            calls.missing,
        )
        notes.append(note % {"number": calls.missing})
    if calls.unreadable:
        note = ngettext(
            "%(number)s record could not be read and is missing here.",
            "%(number)s records could not be read and are missing here.",
            calls.unreadable,
        )
        notes.append(note % {"number": calls.unreadable})
    if statement.calls_difference:
        note = gettext(
            "They differ from the calls of the balance by %(amount)s: there a call counts when it ends, here on the "
            "day of the switch’s report, and what was fetched again since is worked out again."
        )
        notes.append(note % {"amount": money(abs(statement.calls_difference), currency)})
    return [note for note in notes if note]


def _proof_note(statement: Statement) -> str:
    """How many of the days are proven; nothing on the first day of a month."""
    days = (statement.last - statement.first).days + 1
    if statement.calls.proven:
        note = gettext("%(proven)s of %(days)s days proven: the same calls and cost as the switch reports.")
        return note % {"proven": statement.calls.proven, "days": days}
    if days > 0:
        return gettext("No day is proven yet: each is compared with the switch’s own report once it is over.")
    return ""
