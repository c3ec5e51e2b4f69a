"""What the staff site says of calls and of their days, and the way from there to what the customer reads."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.models import Call, CallDay
from tests.billing.staffsite import full_account, list_of, logged_in, page_of, staff
from tests.factories import CallDayFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def call() -> Call:
    call: Call = full_account().calls.get()
    return call


def test_from_the_page_of_a_call_one_comes_to_what_its_customer_reads(call: Call) -> None:
    client = logged_in(staff("support"))
    page = client.get(page_of(call))
    assert f"{call.started_at:%-d %b %Y, %H:%M:%S}" in page.content.decode()
    told = client.get(page.context["absolute_url"])
    assert told.status_code == 200
    assert told.context["call"] == call


def test_from_the_page_of_a_day_one_comes_to_its_calls(call: Call) -> None:
    client = logged_in(staff("support"))
    CallDay.objects.all().delete()
    page = client.get(page_of(CallDayFactory.create(account=call.account, day=call.day)))
    told = client.get(page.context["absolute_url"])
    assert list(told.context["page"].calls) == [call]


def test_a_day_stands_beside_what_its_report_says_and_why_it_is_not_proven(call: Call) -> None:
    CallDay.objects.all().delete()
    facts = {"calls": 1200, "fee": Decimal("7.5"), "unusable_report": "No day can be so.", "failure": "No answer."}
    day = CallDayFactory.create(account=call.account, day=call.day, **facts)
    client = logged_in(staff("support"))
    html = client.get(list_of(CallDay)).content.decode()
    assert '<td class="field-why">No day can be so. No answer.</td>' in html
    assert '<td class="field-counted">1,200 / —</td>' in html
    CallDay.objects.filter(pk=day.pk).update(reported_calls=1201, reported_fee=Decimal("7.75"))
    html = client.get(list_of(CallDay)).content.decode()
    assert '<td class="field-counted">1,200 / 1,201</td>' in html
    assert "7.50 / " in html
    assert "7.75</td>" in html
