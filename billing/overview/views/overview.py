from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import Access
from accounts.actions import Action
from accounts.models import Account, ExpiryKind
from billing.balances.queries.runway import LAST_DAYS, days_left
from billing.balances.queries.spending import daily_cost, month_cost, today_charges
from billing.balances.services import balances
from billing.call_history.queries import pages
from billing.call_history.queries.filters import CallFilter
from billing.calls.models import Call, CallDay
from billing.card_payments import queries as card_payments
from billing.card_payments.models import CardPayment
from billing.lib.days import day_of, each_day
from billing.overview.views.doubts import Doubt, doubt_of
from billing.overview.views.proof_strip import Proof, proof_of
from billing.rates.queries import destination_names
from billing.switches.services import quiet_hours
from billing.topups.queries import progress
from billing.web import staleness
from billing.web.account_page import account_page
from billing.web.charts import Chart, cost_chart
from billing.web.rendering import Request, render_account_page

SHOWN_DAYS = 30
LOW_DAYS = 3


@require_safe
@account_page()
def overview(request: Request, access: Access) -> HttpResponse:
    """One account at a glance; every half minute the page asks for its balance again."""
    now = timezone.now()
    figures = balances.current(account=access.account, now=now)
    context = {
        "overview": Overview(figures.account, str(figures.failure.label) if figures.failure else "", now),
        "may_lock": access.may(Action.LOCK),
        "may_set_overdraft": access.may(Action.SET_OVERDRAFT),
    }
    return render_account_page(request, access, "overview/overview.html", context, now=now, fragment="balance")


@dataclass(frozen=True)
class Overview:
    """What an overview shows, each figure worked out when the template asks for it: a refreshed balance needs few."""

    account: Account
    failure: str
    now: datetime

    balance_limit = staleness.BALANCE
    calls_limit = staleness.CALLS
    profile_limit = staleness.PROFILE
    shown_doubts = 10

    @cached_property
    def calls_go_on_at(self) -> datetime | None:
        """Until when the switch gives out no calls; None where it does."""
        return quiet_hours.goes_on_at(switch=self.account.switch, now=self.now)

    @cached_property
    def days_left(self) -> int | None:
        return days_left(self.account, self.now)

    @property
    def runway(self) -> int:
        """How far the bar under the balance is filled, in days."""
        return min(self.days_left or 0, SHOWN_DAYS)

    @property
    def is_low(self) -> bool:
        return self.days_left is not None and self.days_left <= LOW_DAYS

    @property
    def has_expired(self) -> bool:
        account = self.account
        return account.expiry == ExpiryKind.AT and account.valid_until is not None and account.valid_until <= self.now

    @cached_property
    def month_cost(self) -> Decimal:
        return month_cost(account=self.account, now=self.now)

    @cached_property
    def today_charges(self) -> Decimal | None:
        return today_charges(account=self.account, now=self.now)

    @property
    def pace_is_partial(self) -> bool:
        return self._lacks(self._today - timedelta(days=LAST_DAYS), upto=self._yesterday)

    @property
    def month_is_partial(self) -> bool:
        return self._lacks(self._today.replace(day=1), upto=self._yesterday)

    @property
    def profile_is_older(self) -> bool:
        """Whether lock, validity and today's charges are from an earlier reading than the balance."""
        read, balance_read = self.account.profile_at, self.account.balance_at
        return read is None or balance_read is None or balance_read - read > self.balance_limit

    @cached_property
    def chart(self) -> Chart:
        costs = daily_cost(account=self.account, last_days=SHOWN_DAYS, now=self.now)
        lacking = [(int(self._lacks(day, upto=day)), 1) for day, _ in costs]
        return cost_chart(costs, today=self._today, lacking=lacking)

    @cached_property
    def proof(self) -> Proof:
        return proof_of(self._days, today=self._today, last_days=SHOWN_DAYS)

    @cached_property
    def recent(self) -> list[Call]:
        return pages.recent(account=self.account)

    @cached_property
    def destinations(self) -> dict[str, str]:
        return destination_names(
            (call.fee_prefix for call in self.recent), account=self.account, now=self.now
        ).by_prefix

    @property
    def calls_at(self) -> datetime | None:
        """When today's calls were last fetched."""
        today = self._days.get(self._today)
        return today.fetched_at if today else None

    @cached_property
    def doubts(self) -> list[Doubt]:
        """The top-ups in doubt, and one more than are shown where there are more."""
        most = self.shown_doubts + 1
        return [doubt_of(topup, account=self.account) for topup in progress.doubtful(self.account, most=most)]

    @cached_property
    def owed(self) -> list[CardPayment]:
        """Card payments that are not credited yet."""
        return card_payments.not_credited(self.account, most=self.shown_doubts)

    def _lacks(self, first: date, *, upto: date) -> bool:
        """Whether one of these days, `upto` included, was never fetched."""
        opened = self.account.opened_at
        first = max(first, day_of(opened, self.account.switch.zone)) if opened else first
        return any(day not in self._days or self._days[day].fetched_at is None for day in each_day(first, upto))

    @property
    def _today(self) -> date:
        return day_of(self.now, self.account.switch.zone)

    @property
    def _yesterday(self) -> date:
        return self._today - timedelta(days=1)

    @cached_property
    def _days(self) -> dict[date, CallDay]:
        first = self._today - timedelta(days=SHOWN_DAYS)  # one day more, so that a whole month is there
        shown = CallFilter(zone=self.account.switch.zone, first=first, last=self._today)
        return pages.days(account=self.account, chosen=shown)
