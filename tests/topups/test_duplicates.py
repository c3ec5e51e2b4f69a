"""A request that may repeat an earlier top-up by mistake is noticed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import Account, User
from billing.topups.models import TopUp, TopUpState
from billing.topups.services import duplicates
from tests.support.factories import NOON, AccountFactory, TopUpFactory, UserFactory

pytestmark = pytest.mark.django_db


class TestADuplicate:
    def find(self, account: Account, by: User | None = None, key: str = "new", after: float = 5) -> TopUp | None:
        now = NOON + timedelta(minutes=after)
        return duplicates.recent_duplicate(
            account=account, amount=Decimal(50), by=by or UserFactory.create(), key=key, now=now
        )

    def test_is_the_same_amount_for_the_same_account_by_anybody(self) -> None:
        topup = TopUpFactory.create()
        assert self.find(topup.account) == topup
        assert self.find(topup.account, by=topup.requested_by) == topup
        assert self.find(AccountFactory.create()) is None

    def test_is_not_another_amount(self) -> None:
        assert self.find(TopUpFactory.create(amount=Decimal("50.01")).account) is None

    def test_is_not_what_the_same_form_made(self) -> None:
        topup = TopUpFactory.create(key="k")
        assert self.find(topup.account, by=topup.requested_by, key="k") is None
        assert self.find(topup.account, key="k") == topup

    def test_is_recent_by_the_switchs_setting(self) -> None:
        account = TopUpFactory.create().account
        assert self.find(account, after=9.9)
        assert self.find(account, after=10) is None
        account.switch.warn_within = timedelta(hours=1)
        assert self.find(account, after=59)

    def test_is_not_what_was_refused(self) -> None:
        refused = TopUpFactory.create(state=TopUpState.REFUSED, settled_at=NOON)
        assert self.find(refused.account) is None
