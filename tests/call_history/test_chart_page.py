"""The chart of a page of calls: days that are not here look otherwise than days without cost."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from billing.calls.models import CallDay
from billing.calls.services import partitions
from billing.lib.periods import Unit, spans
from billing.web.charts import Chart, cost_chart
from tests.support.factories import AccountFactory, CallDayFactory, CallFactory, MembershipFactory
from tests.support.logins import logged_in
from tests.support.raw import as_sent
from tests.support.visitors import Visitor

# Past, whenever this runs.
YEAR = datetime.now(UTC).year - 1
NOON = datetime(YEAR, 10, 14, 12, 0, 0, tzinfo=UTC)
LAST = date(YEAR, 10, 14)
KEY = "that are not all here"


@pytest.fixture
def zoe(db: None) -> Visitor:
    """Of her days since 1 October those until the 11th are not here; a call of the 12th cost something."""
    partitions.ensure(months=[date(YEAR, 9, 1), date(YEAR, 10, 1)])
    account = AccountFactory.create(balance_at=timezone.now(), opened_at=datetime(YEAR, 10, 1, tzinfo=UTC))
    CallFactory.create(account=account, started_at=datetime(YEAR, 10, 12, 3, tzinfo=UTC), fee=Decimal("1.5"))
    for day in (12, 13, 14):
        CallDayFactory.create(account=account, day=date(YEAR, 10, day), fetched_at=NOON)
    user = MembershipFactory.create(account=account).user
    return Visitor(user, account, logged_in(user))


def shown(zoe: Visitor, first: date) -> tuple[Chart, str]:
    """The chart, and the page as it is written: a bar's title is seen only while it is pointed at."""
    answer = zoe.client.get(f"{zoe.page('calls/')}?from={first}&to={LAST}")
    return answer.context["chart"], " ".join(unescape(as_sent(answer.content)).split())


def test_a_day_that_is_not_here_does_not_look_like_one_without_cost(zoe: Visitor) -> None:
    chart, html = shown(zoe, date(YEAR, 10, 10))
    assert [gap.bar.day.day for gap in chart.gaps] == [10, 11]
    assert "<title>10 Oct: not here</title>" in html
    assert "<title>13 Oct: $0.00</title>" in html
    assert "; calls of 2 of these 5 days are not all here" in html
    assert f"> Days {KEY} </p>" in html


def test_a_month_of_which_days_are_not_here_says_how_many(zoe: Visitor) -> None:
    chart, html = shown(zoe, date(YEAR, 7, 1))
    assert [(gap.bar.day.month, gap.days, gap.is_whole) for gap in chart.gaps] == [(10, 11, False)]
    assert f"<title>Oct {YEAR}: $1.50, 11 of its days are not here</title>" in html
    assert f"> Months {KEY} </p>" in html


def test_a_day_of_another_calendar_may_be_here_in_part(zoe: Visitor) -> None:
    zoe.user.time_zone = "Asia/Kolkata"
    zoe.user.save()
    chart, html = shown(zoe, date(YEAR, 10, 10))
    assert [(gap.bar.day.day, gap.is_whole) for gap in chart.gaps] == [(10, True), (11, True), (12, False)]
    assert "<title>12 Oct: $1.50, not all of its calls are here</title>" in html


def test_a_chart_of_days_that_are_all_here_says_nothing_of_gaps(zoe: Visitor) -> None:
    chart, html = shown(zoe, date(YEAR, 10, 12))
    assert not chart.gaps
    assert KEY not in html
    assert "not all here" not in html


def test_days_that_will_not_come_are_not_here_either(zoe: Visitor) -> None:
    type(zoe.account.switch).objects.update(call_days_kept=1)
    chart, _ = shown(zoe, date(YEAR, 10, 10))
    assert [gap.bar.day.day for gap in chart.gaps] == [10, 11]
    CallDay.objects.filter(day=LAST).delete()
    chart, _ = shown(zoe, date(YEAR, 10, 10))
    assert [gap.bar.day.day for gap in chart.gaps] == [10, 11, 14]


def test_the_overview_marks_them_too(zoe: Visitor) -> None:
    today = timezone.now().date()
    CallDayFactory.create(account=zoe.account, day=today, fetched_at=timezone.now())
    chart = zoe.client.get(zoe.page()).context["overview"].chart
    assert today not in [gap.bar.day for gap in chart.gaps]
    assert len(chart.gaps) == len(chart.bars) - 1


def test_each_bar_knows_the_days_of_the_switch_that_it_touches() -> None:
    bars = spans(date(YEAR, 10, 10), date(YEAR, 10, 12), ZoneInfo("Asia/Kolkata"))
    missing = [date(YEAR, 10, 9), date(YEAR, 10, 11)]
    found = bars.lacking(missing, switch=ZoneInfo("UTC"), today=date(YEAR, 10, 11))
    assert found == [(1, 2), (1, 2), (1, 1)]


def test_the_foot_of_gaps_side_by_side_is_one_line() -> None:
    costs = [(date(YEAR, 10, day), Decimal(0)) for day in range(1, 7)]
    lacking = [(1, 1), (1, 1), (0, 1), (0, 1), (1, 1), (0, 1)]
    chart = cost_chart(costs, today=LAST, unit=Unit.DAY, lacking=lacking)
    assert chart.foot == "M0 100H40M80 100H100"
