"""One portal with its stand-in switch, and the clock that both live by."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Membership, Role, Switch, User
from bench.conform.clock import VirtualClock
from billing.balances.services import profiles
from billing.lib.redis import connection as redis
from billing.topups.services.voucher_cards import Offer
from simulator.control import Control

PLENTY = Decimal(1_000_000_000)
# As many as a switch counts in, whatever its currency.
PLACES = 6
MAY = ("change_topup", "reissue_topup", "change_cardpayment")
PAYS_ITSELF, VOUCHES = "R-100", "R-200"
ON_ITS_OWN = ("C-301", "W-900")


@dataclass
class World:
    """`debited` are children of an agent that pays, `vouched` those of an agent that credits without debit.

    `second` of the staff approves what the first asks for. `offers` are the voucher cards that were found good, by the
    keys of the forms that they are paid in by.
    """

    switch: Switch
    control: Control
    database_url: str
    redis_url: str
    staff: User
    second: User
    reseller: User
    payer: Account
    voucher: Account
    debited: list[Account]
    vouched: list[Account]
    single: list[Account]
    browser: Client
    clock: VirtualClock
    offers: dict[str, Offer] = field(default_factory=dict)
    redis_flushes: int = field(default=0)

    @classmethod
    def prepare(cls, *, switch: Switch, control: Control, database_url: str, redis_url: str) -> Self:
        # Before its balance is read: what the portal believes it can pay is what it can.
        control.pay(PAYS_ITSELF, PLENTY, memo="cash")
        now = timezone.now()
        numbers = [PAYS_ITSELF, VOUCHES, *ON_ITS_OWN]
        profiles.refresh(switch=switch, numbers=numbers, now=now)
        by_number = {account.number: account for account in switch.accounts.filter(number__in=numbers)}
        payer, voucher = by_number[PAYS_ITSELF], by_number[VOUCHES]
        Account.objects.filter(pk=voucher.pk).update(credit_without_debit=PLENTY)
        for agent in (payer, voucher):
            profiles.refresh_children(agent=agent, now=now)
        reseller = _reseller(payer, voucher)
        browser = Client(SERVER_NAME="localhost")
        browser.force_login(reseller)
        return cls(
            switch=switch,
            control=control,
            database_url=database_url,
            redis_url=redis_url,
            staff=_staff("staff"),
            second=_staff("second"),
            reseller=reseller,
            payer=payer,
            voucher=voucher,
            debited=list(Account.objects.select_related("switch").filter(parent=payer).order_by("number")),
            vouched=list(Account.objects.select_related("switch").filter(parent=voucher).order_by("number")),
            single=[by_number[number] for number in ON_ITS_OWN],
            browser=browser,
            clock=VirtualClock(control),
        )

    @property
    def now(self) -> datetime:
        return self.clock.now

    @property
    def accounts(self) -> list[Account]:
        return [self.payer, self.voucher, *self.debited, *self.vouched, *self.single]

    def flush_redis(self) -> None:
        """Every lock, budget, breaker and waiting task is gone."""
        redis().flushdb()
        self.redis_flushes += 1


@dataclass(frozen=True)
class Ground:
    """One database, one Redis and one stand-in switch; each world made on it finds them empty."""

    url: str
    control: Control
    database_url: str
    redis_url: str

    def world(self, **settings: Any) -> World:
        """`settings` are the switch's."""
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE accounts_user, accounts_switch, jobs_jobrun CASCADE")
        redis().flushdb()
        self.control.resume()
        self.control.reset()
        # How people show that it is them is not what is tried here.
        plain = {"requests_per_second": Decimal(10_000), "topup_places": PLACES, "fresh_login_above": None}
        switch = Switch.objects.create(name="stand-in", url=self.url, **{**plain, **settings})
        return World.prepare(
            switch=switch, control=self.control, database_url=self.database_url, redis_url=self.redis_url
        )


def _staff(name: str) -> User:
    staff = User.objects.create_user(f"{name}@conform.example", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=MAY))
    return User.objects.get(pk=staff.pk)


def _reseller(*agents: Account) -> User:
    reseller = User.objects.create_user("reseller@conform.example")
    for agent in agents:
        Membership.objects.create(user=reseller, account=agent, role=Role.OWNER)
    return reseller
