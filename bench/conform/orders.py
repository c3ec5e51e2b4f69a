"""Orders of top-ups, each with a payer, an account, an amount and the door it comes by, drawn from the seed."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from http import HTTPStatus
from random import Random

import time_machine
from django.core.management import call_command
from django.urls import reverse

from accounts.models import Account, User
from bench.conform.world import PLACES, World
from billing.topups.models import Source, TopUp
from billing.topups.services import requests as topup_requests
from billing.topups.services import transfers as topup_transfers
from billing.topups.services import vouchers
from billing.topups.services.errors import TopUpRefused
from billing.topups.services.voucher_cards import Card

SMALLEST = Decimal(1).scaleb(-PLACES)
LARGEST = 10_000 * 10**PLACES
# The switch must never see these.
UNFIT = tuple(Decimal(text) for text in ("0", "-5", "0.0000001", "10000.000001", "1E+9"))
CHANCE_OF_UNFIT = 0.02


class Door(StrEnum):
    """By which way into the portal an order comes."""

    SERVICE = "service"
    FORM = "form"
    COMMAND = "command"
    CARD = "voucher card"


@dataclass(frozen=True)
class Order:
    """One order. `agent` is None for a top-up by the operator or by a voucher card of this amount."""

    account: Account
    agent: Account | None
    amount: Decimal
    door: Door
    key: str

    @property
    def is_fit(self) -> bool:
        return self.amount not in UNFIT


def draw(world: World, random: Random, number: int) -> Order:
    agent, accounts = random.choice(
        [(world.payer, world.debited), (world.voucher, world.vouched), (None, world.single)]
    )
    # The form is for resellers; a command takes long to begin.
    [door] = random.choices(list(Door), [6, 3, 1, 0] if agent else [6, 0, 1, 2])
    is_unfit = door is not Door.CARD and random.random() < CHANCE_OF_UNFIT
    return Order(
        account=random.choice(accounts),
        agent=agent,
        amount=random.choice(UNFIT) if is_unfit else draw_amount(random),
        door=door,
        key=f"order-{number}",
    )


def draw_amount(random: Random) -> Decimal:
    """Draw an amount from 0.000001 to the limit, small and large ones alike."""
    digits = random.randint(1, len(str(LARGEST)))
    units = min(LARGEST, random.randint(10 ** (digits - 1), 10**digits - 1))
    return Decimal(units).scaleb(-PLACES)


def by(world: World, order: Order) -> User:
    return world.reseller if order.agent else world.staff


def ask(world: World, order: Order) -> str | None:
    """The reference of the top-up, or None when the portal refused to write it."""
    match order.door:
        case Door.SERVICE:
            return _by_service(world, order)
        case Door.FORM:
            return _by_form(world, order)
        case Door.COMMAND:
            return _by_command(world, order)
        case Door.CARD:
            return _by_card(world, order)


def _by_service(world: World, order: Order) -> str | None:
    try:
        return _request(world, order).reference
    except TopUpRefused:
        return None


def _request(world: World, order: Order) -> TopUp:
    account = Account.objects.select_related("switch").get(pk=order.account.pk)
    user, now = by(world, order), world.now
    if order.agent is None:
        return topup_requests.request(
            account=account,
            amount=order.amount,
            by=user,
            key=order.key,
            source=Source.OPERATOR,
            now=now,
            send_by_worker=False,
            besides_unsettled=True,
        )
    payer = Account.objects.select_related("switch").get(pk=order.agent.pk)
    return topup_transfers.request(
        account=account,
        payer=payer,
        amount=order.amount,
        by=user,
        key=order.key,
        now=now,
        send_by_worker=False,
        besides_unsettled=True,
    )


def _by_form(world: World, order: Order) -> str | None:
    with time_machine.travel(world.now):
        answer = world.browser.post(reverse("topup_confirm", args=[order.account.public_id]), form_fields(order))
    return reference_in(answer.status_code, answer.headers.get("Location", ""))


def form_fields(order: Order) -> dict[str, str]:
    """As confirmed, also where the same amount went to the same account a moment ago."""
    return {"amount": f"{order.amount:f}", "note": "", "key": order.key, "again": "on"}


def reference_in(status: int, location: str) -> str | None:
    """A form that was taken leads to the top-up's page."""
    path, _, reference = location.rstrip("/").rpartition("/")
    return reference if status == HTTPStatus.FOUND and path.endswith("/topups") else None


def _by_command(world: World, order: Order) -> str | None:
    """It sends the top-up too; its exit code says what became of it."""
    who = ["--by", by(world, order).email, *(["--from", order.agent.number] if order.agent else [])]
    # Behind "--" a negative amount is not taken for an option.
    options = [*who, "--key", order.key, "--again", "--json"]
    argv = [world.switch.name, order.account.number, *options, "--", f"{order.amount:f}"]
    said = io.StringIO()
    silence = io.StringIO()
    with redirect_stdout(said), redirect_stderr(silence), time_machine.travel(world.now), suppress(SystemExit):
        call_command("topup", *argv)
    return str(json.loads(said.getvalue())["reference"]) if said.getvalue() else None


def _by_card(world: World, order: Order) -> str | None:
    """Looked at the first time; then the same form comes again."""
    account = Account.objects.select_related("switch").get(pk=order.account.pk)
    user, now = by(world, order), world.now
    try:
        if order.key not in world.offers:
            card = Card(pin=f"CARD-{order.key}", password=order.key)
            world.control.add_card(card.pin, card.password, order.amount)
            offer = vouchers.look(account=account, card=card, by=user, address="127.0.0.1", now=now)
            world.offers[order.key] = replace(offer, key=order.key)
        offer = replace(world.offers[order.key], amount=order.amount)
        return vouchers.request(
            account=account, offer=offer, by=user, now=now, send_by_worker=False, besides_unsettled=True
        ).reference
    except TopUpRefused:
        return None
