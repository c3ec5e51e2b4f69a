"""Reasons: codes with figures, which are kept exactly and worded only when they are shown."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy, ngettext_lazy

from billing.lib.reasons import Because, BecauseField, Moment, Money, Reason


class PlantedReason(Reason):
    LIMIT = "planted.limit", gettext_lazy("At most %(most)s may be paid.")
    WAIT = "planted.wait", ngettext_lazy("Wait %(minutes)d minute.", "Wait %(minutes)d minutes.", "minutes")
    UNKNOWN = "planted.unknown", gettext_lazy("Nothing is known about it: %(why)s")
    ALL_OF_IT = "planted.all", gettext_lazy("100% is gone.")


EXAMPLES = [
    (Because(PlantedReason.LIMIT, {"most": Money(Decimal("12.50"), "USD")}), "At most $12.50 may be paid."),
    (Because(PlantedReason.LIMIT, {"most": date(2026, 3, 1)}), "At most 1 Mar 2026 may be paid."),
    (
        Because(PlantedReason.LIMIT, {"most": Moment(datetime(2026, 3, 1, 18, 1, tzinfo=UTC))}),
        "At most 1 Mar 2026, 18:01 may be paid.",
    ),
    (Because(PlantedReason.WAIT, {"minutes": 1}), "Wait 1 minute."),
    (Because(PlantedReason.WAIT, {"minutes": 4}), "Wait 4 minutes."),
    (
        Because(PlantedReason.UNKNOWN, {"why": Because(PlantedReason.ALL_OF_IT)}),
        "Nothing is known about it: 100% is gone.",
    ),
]


@pytest.mark.parametrize(("because", "words"), EXAMPLES)
def test_words_name_the_figures(because: Because, words: str) -> None:
    assert str(because) == words


def test_an_instant_is_the_day_of_the_reader() -> None:
    because = Because(PlantedReason.LIMIT, {"most": datetime(2026, 3, 1, 23, 30, tzinfo=UTC)})
    with timezone.override("Asia/Shanghai"):
        assert str(because) == "At most 2 Mar 2026 may be paid."


@pytest.mark.parametrize("because", [because for because, _ in EXAMPLES])
def test_what_is_kept_is_read_back_the_same(because: Because) -> None:
    field = BecauseField()
    kept = field.get_prep_value(because)
    assert "paid" not in str(kept)
    assert field.from_db_value(json.dumps(kept), None, connection) == because


def test_a_moment_of_today_is_named_by_its_time_alone() -> None:
    today = timezone.localtime().replace(hour=18, minute=1)
    assert str(Because(PlantedReason.LIMIT, {"most": Moment(today)})) == "At most 18:01 may be paid."


def test_a_code_stands_in_one_table() -> None:
    """Else a kept reason would be read back with the words of another."""
    codes = Counter(member.value for table in tables_of(Reason) for member in table)
    assert [code for code, count in codes.items() if count > 1] == []


def test_the_codes_of_a_table_begin_alike_and_otherwise_than_those_of_others() -> None:
    begins = [{member.value.partition(".")[0] for member in table} for table in tables_of(Reason)]
    assert [len(begin) for begin in begins] == [1] * len(begins)
    assert len(set.union(*begins)) == len(begins)


def tables_of(table: type[Reason]) -> Iterator[type[Reason]]:
    for below in table.__subclasses__():
        yield below
        yield from tables_of(below)
