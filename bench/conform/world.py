"""One portal with its stand-in switch, and the clock that a run moves for both."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Self

from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Membership, Role, Switch, User
from billing.services import profiles
from billing.services.redis import connection as redis
from simulator.control import Control

PLENTY = Decimal(1_000_000_000)
PAYS_ITSELF, VOUCHES = "R-100", "R-200"
ON_ITS_OWN = ("C-301", "W-900")


@dataclass
class World:
    """`debited` are children of an agent that pays, `vouched` those of an agent that credits without debit."""

    switch: Switch
    control: Control
    database_url: str
    redis_url: str
    staff: User
    reseller: User
    payer: Account
    voucher: Account
    debited: list[Account]
    vouched: list[Account]
    single: list[Account]
    browser: Client
    ahead: timedelta = timedelta(0)
    redis_flushes: int = field(default=0)

    @classmethod
    def prepare(cls, *, switch: Switch, control: Control, database_url: str, redis_url: str) -> Self:
        now = timezone.now()
        numbers = [PAYS_ITSELF, VOUCHES, *ON_ITS_OWN]
        profiles.refresh(switch=switch, numbers=numbers, now=now)
        by_number = {account.number: account for account in switch.accounts.filter(number__in=numbers)}
        payer, voucher = by_number[PAYS_ITSELF], by_number[VOUCHES]
        Account.objects.filter(pk=voucher.pk).update(credit_without_debit=PLENTY)
        for agent in (payer, voucher):
            profiles.refresh_children(agent=agent, now=now)
        control.pay(PAYS_ITSELF, PLENTY, memo="cash")
        reseller = _reseller(payer, voucher)
        browser = Client(SERVER_NAME="localhost")
        browser.force_login(reseller)
        return cls(
            switch=switch,
            control=control,
            database_url=database_url,
            redis_url=redis_url,
            staff=_staff(),
            reseller=reseller,
            payer=payer,
            voucher=voucher,
            debited=list(Account.objects.select_related("switch").filter(parent=payer).order_by("number")),
            vouched=list(Account.objects.select_related("switch").filter(parent=voucher).order_by("number")),
            single=[by_number[number] for number in ON_ITS_OWN],
            browser=browser,
        )

    @property
    def now(self) -> datetime:
        return timezone.now() + self.ahead

    @property
    def accounts(self) -> list[Account]:
        return [self.payer, self.voucher, *self.debited, *self.vouched, *self.single]

    def pass_time(self, by: timedelta) -> None:
        """The switch's clock goes with the portal's."""
        self.ahead += by
        self.control.shift_clock(self.ahead.total_seconds())

    def flush_redis(self) -> None:
        """Every lock, budget, breaker and waiting task is gone."""
        redis().flushdb()
        self.redis_flushes += 1


def _staff() -> User:
    staff = User.objects.create_user("staff@conform.example", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="change_topup"))
    return User.objects.get(pk=staff.pk)


def _reseller(*agents: Account) -> User:
    reseller = User.objects.create_user("reseller@conform.example")
    for agent in agents:
        Membership.objects.create(user=reseller, account=agent, role=Role.OWNER)
    return reseller
