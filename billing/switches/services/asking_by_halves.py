"""Asking for several accounts at once, and for ever fewer where no answer for them can be used.

One account of which no answer can be used is found by halving, within the same round: the others have theirs. It is
noted by name and from then on asked for alone, ever more rarely.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from accounts.models import Switch
from billing.lib.reasons import Because
from billing.switches.services import unusable_answers
from billing.switches.services.failures import is_unusable
from billing.switches.services.priority import waiting_for_budget
from billing.switches.services.unusable_answers import why_unusable
from billing.vos3000 import Listed, Malformed, SwitchError, UnreadableRow

T = TypeVar("T")

# Where so many requests in a row, or all of so many seconds, had no answer that can be used, the reason is the switch.
MOST_IN_A_ROW, LONGEST_IN_A_ROW = 16, 30.0


@dataclass
class Answered(Generic[T]):
    """What was answered for some accounts: the rows, the rows that cannot be read, and why accounts are left out.

    `answered` are the accounts of which an answer was read; one with a bad row may be among them and in `failed`.
    """

    rows: list[T] = field(default_factory=list)
    unreadable: list[UnreadableRow] = field(default_factory=list)
    answered: set[str] = field(default_factory=set)
    failed: dict[str, Because] = field(default_factory=dict)


@dataclass(frozen=True)
class Question(Generic[T]):
    """An operation that is asked of a switch for several accounts, which `read` does. `at` is when it is asked.

    With `only_due` it is not asked for accounts that are to be tried again later.
    """

    switch: Switch
    operation: str
    read: Callable[[Sequence[str]], Listed[T]]
    at: datetime
    only_due: bool = False


def ask(question: Question[T], numbers: Sequence[str], *, most: int) -> Iterator[Answered[T]]:
    """Ask for these accounts, at most so many at once, and yield what was answered for each group.

    Raises SwitchError where the switch is the reason; what was yielded until then stands.
    """
    for group in _groups(question, numbers, most):
        answered: Answered[T] = Answered()
        try:
            _ask_by_halves(question, group, answered)
        finally:
            _note(question, answered)
        yield answered


def _groups(question: Question[T], numbers: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    """Those that share a request, then each of which no answer could be used the last time."""
    again_at = unusable_answers.noted(switch=question.switch, operation=question.operation)
    together = [number for number in numbers if number not in again_at]
    for begin in range(0, len(together), most):
        yield together[begin : begin + most]
    for number in numbers:
        if number in again_at and (not question.only_due or again_at[number] <= question.at):
            yield [number]


def _ask_by_halves(question: Question[T], group: Sequence[str], answered: Answered[T]) -> None:
    """Ask for the smaller parts in turn, so that failures in a row are few as long as the switch answers at all.

    Where it has no usable answer for any of several accounts, none of them is the reason.
    """
    parts = deque([group])
    in_a_row, last_use = 0, time.monotonic()
    while parts:
        part = parts.popleft()
        try:
            # A half waits for its turn: the whole would have to be asked for again.
            with waiting_for_budget() if part is not group else nullcontext():
                _read(question, part, answered)
        except SwitchError as error:
            in_a_row += 1
            is_the_switch = in_a_row > MOST_IN_A_ROW or time.monotonic() - last_use > LONGEST_IN_A_ROW
            if not is_unusable(error) or (is_the_switch and len(part) > 1):
                raise
            if len(part) == 1:
                answered.failed[part[0]] = why_unusable(error)
                if len(answered.failed) == len(group) > 1 and not answered.answered:
                    answered.failed.clear()
                    raise
            else:
                parts += (part[: len(part) // 2], part[len(part) // 2 :])
        else:
            in_a_row, last_use = 0, time.monotonic()


def _read(question: Question[T], part: Sequence[str], answered: Answered[T]) -> None:
    listed = question.read(part)
    without_name = [row for row in listed.unreadable if row.name not in part]
    if without_name and len(part) > 1:
        raise Malformed(question.operation, "a row that cannot be read does not say whose it is")
    answered.rows += listed
    answered.unreadable += listed.unreadable
    answered.answered.update(part)
    for row in listed.unreadable:
        answered.failed[part[0] if row in without_name else row.name] = why_unusable(row)


def _note(question: Question[T], answered: Answered[T]) -> None:
    switch, operation = question.switch, question.operation
    unusable_answers.note(switch=switch, operation=operation, failed=answered.failed, now=question.at)
    usable = answered.answered - answered.failed.keys()
    unusable_answers.settle(switch=switch, operation=operation, numbers=usable)
