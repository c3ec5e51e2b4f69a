from __future__ import annotations

import pytest

from billing.batches.models import BatchRow, RowReason
from billing.lib.reasons import Because
from tests.support.logins import logged_in
from tests.support.staff_pages import facts, listed
from tests.support.staffsite import full_account, list_of, page_of, staff

pytestmark = pytest.mark.django_db


def test_staff_read_in_words_why_a_line_is_not_paid_and_what_was_marked() -> None:
    full_account()
    row = BatchRow.objects.get()
    row.warning = Because(RowReason.IN_OTHER_LINES, {"lines": "7"})
    row.save(update_fields=["warning"])
    client = logged_in(staff("support"))
    (line,) = listed(client.get(list_of(BatchRow)))
    assert line["problem"].words == str(row.problem)
    told = facts(client.get(page_of(row)))
    assert (told["problem"].words, told["warning"].words) == (str(row.problem), str(row.warning))
    assert told["unclear"].words == "-"
