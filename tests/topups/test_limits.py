from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import connections

from accounts.models import Account, Switch, User
from billing.topups.models import RequestReason, Source, TopUp, TopUpState
from billing.topups.services import limits as topup_limits
from billing.topups.services import requests as topup_requests
from billing.topups.services import transfers as topup_transfers
from billing.topups.services.errors import LimitExceeded
from tests.support.factories import NOON, AccountFactory, SwitchFactory, TopUpFactory, UserFactory
from tests.support.refusals import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def limited() -> Switch:
    """Its midnight is at 16:00 UTC."""
    return SwitchFactory.create(
        time_zone="Asia/Shanghai", daily_limit_per_user=Decimal(100), daily_limit_per_account=Decimal(60)
    )


def ask(account: Account, amount: int, by: User, key: str = "k", now: datetime = NOON) -> TopUp:
    return topup_requests.request(
        account=account,
        amount=Decimal(amount),
        by=by,
        key=key,
        source=Source.OPERATOR,
        now=now,
        besides_unsettled=True,
        send_by_worker=False,
    )


def test_an_account_is_topped_up_to_its_daily_limit_by_all_together(limited: Switch) -> None:
    account = AccountFactory.create(switch=limited)
    ask(account, 50, UserFactory.create())
    ask(account, 10, UserFactory.create())
    with refused(LimitExceeded, RequestReason.ACCOUNT_LIMIT, account=account.number):
        ask(account, 1, UserFactory.create())


def test_a_person_tops_up_to_their_daily_limit_over_all_accounts(limited: Switch) -> None:
    by = UserFactory.create()
    for key in "ab":
        ask(AccountFactory.create(switch=limited), 50, by, key)
    with refused(LimitExceeded, RequestReason.PERSON_LIMIT):
        ask(AccountFactory.create(switch=limited), 1, by, "c")
    assert ask(AccountFactory.create(switch=limited), 1, UserFactory.create())


def test_what_was_done_on_another_switch_does_not_count(limited: Switch) -> None:
    by = UserFactory.create()
    ask(AccountFactory.create(), 5000, by, "elsewhere")
    assert ask(AccountFactory.create(switch=limited), 60, by)


def test_the_day_ends_at_the_switchs_midnight(limited: Switch) -> None:
    account, by = AccountFactory.create(switch=limited), UserFactory.create()
    midnight = datetime(2026, 11, 20, 16, tzinfo=UTC)
    ask(account, 60, by, "before", midnight - timedelta(seconds=1))
    assert ask(account, 60, by, "after", midnight)
    with pytest.raises(LimitExceeded):
        ask(account, 1, by, "later", midnight + timedelta(hours=23))


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (TopUpState.REFUSED, False),
        (TopUpState.NOT_APPLIED, False),
        (TopUpState.IN_DOUBT, True),
        (TopUpState.REVIEW, True),
        (TopUpState.CONFIRMED, True),
    ],
)
def test_what_was_surely_not_done_does_not_count(limited: Switch, state: TopUpState, counts: bool) -> None:
    account = AccountFactory.create(switch=limited)
    settled = None if state in (TopUpState.IN_DOUBT, TopUpState.REVIEW) else NOON
    TopUpFactory.create(account=account, amount=Decimal(60), state=state, settled_at=settled)
    if counts:
        with pytest.raises(LimitExceeded):
            ask(account, 60, UserFactory.create())
    else:
        assert ask(account, 60, UserFactory.create())


def test_the_same_form_again_is_the_same_top_up_although_the_limit_is_reached(limited: Switch) -> None:
    account, by = AccountFactory.create(switch=limited), UserFactory.create()
    assert ask(account, 60, by) == ask(account, 60, by)


def test_a_transfer_keeps_to_the_limits_too_and_its_debit_does_not_count(limited: Switch) -> None:
    agent = AccountFactory.create(switch=limited, is_agent=True, balance_at=NOON)
    child = AccountFactory.create(switch=limited, parent=agent)
    by = UserFactory.create()

    def transfer(amount: int, key: str) -> TopUp:
        return topup_transfers.request(
            account=child,
            payer=agent,
            amount=Decimal(amount),
            by=by,
            key=key,
            now=NOON,
            besides_unsettled=True,
            send_by_worker=False,
        )

    assert transfer(60, "a").debit is not None
    with pytest.raises(LimitExceeded):
        transfer(1, "b")


def test_the_account_that_is_to_pay_first_is_told_before(limited: Switch) -> None:
    account, by = AccountFactory.create(switch=limited), UserFactory.create()
    topup_limits.check_day(account=account, by=by, amount=Decimal(60), now=NOON)
    with pytest.raises(LimitExceeded):
        topup_limits.check_day(account=account, by=by, amount=Decimal(61), now=NOON)


def test_a_voucher_that_a_customer_has_bought_is_not_refused_by_the_day_but_counts(limited: Switch) -> None:
    account, by = AccountFactory.create(switch=limited), UserFactory.create()
    card = TopUpFactory.build(
        account=account, requested_by=by, source=Source.VOUCHER, card="f" * 64, amount=Decimal("60.125")
    )
    limited.topup_places = 2
    topup_requests.check(card)
    card.save()
    with pytest.raises(LimitExceeded):
        ask(account, 1, by)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limit", ["daily_limit_per_user", "daily_limit_per_account"])
def test_simultaneous_wishes_together_never_exceed_a_daily_limit(limit: str) -> None:
    switch = SwitchFactory.create(**{limit: Decimal(50)})
    one, by = AccountFactory.create(switch=switch), UserFactory.create()
    accounts = [one] * 16 if limit.endswith("account") else AccountFactory.create_batch(16, switch=switch)
    people = [by] * 16 if limit.endswith("user") else UserFactory.create_batch(16)
    requests = zip(accounts, people, range(16), strict=True)
    made = at_once([partial(ask, account, 10, who, f"k{n}") for account, who, n in requests])
    assert sum(made) == 5
    assert TopUp.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_one_form_sent_sixteen_times_at_once_within_a_limit_is_one_top_up() -> None:
    switch = SwitchFactory.create(daily_limit_per_account=Decimal(10))
    account, by = AccountFactory.create(switch=switch), UserFactory.create()
    assert sum(at_once([partial(ask, account, 10, by)] * 16)) == 16
    assert TopUp.objects.count() == 1


def at_once(requests: Sequence[Callable[[], TopUp]]) -> list[bool]:
    """Which of them were not refused."""

    def try_it(request: Callable[[], TopUp]) -> bool:
        try:
            request()
        except LimitExceeded:
            return False
        else:
            return True
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(try_it, requests))
