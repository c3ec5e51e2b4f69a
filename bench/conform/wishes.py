"""What people ask for: a source, an account, an amount and a door, drawn from the seed."""

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
    SERVICE = "service"
    FORM = "form"
    COMMAND = "command"
    CARD = "voucher card"


@dataclass(frozen=True)
class Wish:
    """`agent` is None for a top-up by the operator or by a voucher card of this amount."""

    account: Account
    agent: Account | None
    amount: Decimal
    door: Door
    key: str

    @property
    def is_fit(self) -> bool:
        return self.amount not in UNFIT


def draw(world: World, random: Random, number: int) -> Wish:
    agent, accounts = random.choice(
        [(world.payer, world.debited), (world.voucher, world.vouched), (None, world.single)]
    )
    # The form is for resellers; a command takes long to begin.
    [door] = random.choices(list(Door), [6, 3, 1, 0] if agent else [6, 0, 1, 2])
    is_unfit = door is not Door.CARD and random.random() < CHANCE_OF_UNFIT
    return Wish(
        account=random.choice(accounts),
        agent=agent,
        amount=random.choice(UNFIT) if is_unfit else draw_amount(random),
        door=door,
        key=f"wish-{number}",
    )


def draw_amount(random: Random) -> Decimal:
    """0.000001 to the limit, small and large ones alike."""
    digits = random.randint(1, len(str(LARGEST)))
    units = min(LARGEST, random.randint(10 ** (digits - 1), 10**digits - 1))
    return Decimal(units).scaleb(-PLACES)


def by(world: World, wish: Wish) -> User:
    return world.reseller if wish.agent else world.staff


def ask(world: World, wish: Wish) -> str | None:
    """The reference of the top-up, or None when the portal refused to write it."""
    match wish.door:
        case Door.SERVICE:
            return _by_service(world, wish)
        case Door.FORM:
            return _by_form(world, wish)
        case Door.COMMAND:
            return _by_command(world, wish)
        case Door.CARD:
            return _by_card(world, wish)


def _by_service(world: World, wish: Wish) -> str | None:
    try:
        return _request(world, wish).reference
    except TopUpRefused:
        return None


def _request(world: World, wish: Wish) -> TopUp:
    account = Account.objects.select_related("switch").get(pk=wish.account.pk)
    user, now = by(world, wish), world.now
    if wish.agent is None:
        return topup_requests.request(
            account=account,
            amount=wish.amount,
            by=user,
            key=wish.key,
            source=Source.OPERATOR,
            now=now,
            send_by_worker=False,
        )
    payer = Account.objects.select_related("switch").get(pk=wish.agent.pk)
    return topup_transfers.request(
        account=account, payer=payer, amount=wish.amount, by=user, key=wish.key, now=now, send_by_worker=False
    )


def _by_form(world: World, wish: Wish) -> str | None:
    with time_machine.travel(world.now):
        answer = world.browser.post(reverse("topup_confirm", args=[wish.account.public_id]), form_fields(wish))
    return reference_in(answer.status_code, answer.headers.get("Location", ""))


def form_fields(wish: Wish) -> dict[str, str]:
    """As confirmed, also where the same amount went to the same account a moment ago."""
    return {"amount": f"{wish.amount:f}", "note": "", "key": wish.key, "again": "on"}


def reference_in(status: int, location: str) -> str | None:
    """A form that was taken leads to the top-up's page."""
    path, _, reference = location.rstrip("/").rpartition("/")
    return reference if status == HTTPStatus.FOUND and path.endswith("/topups") else None


def _by_command(world: World, wish: Wish) -> str | None:
    """It sends the top-up too; its exit code says what became of it."""
    who = ["--by", by(world, wish).email, *(["--from", wish.agent.number] if wish.agent else [])]
    # Behind "--" a negative amount is not taken for an option.
    options = [*who, "--key", wish.key, "--again", "--json"]
    argv = [world.switch.name, wish.account.number, *options, "--", f"{wish.amount:f}"]
    said = io.StringIO()
    silence = io.StringIO()
    with redirect_stdout(said), redirect_stderr(silence), time_machine.travel(world.now), suppress(SystemExit):
        call_command("topup", *argv)
    return str(json.loads(said.getvalue())["reference"]) if said.getvalue() else None


def _by_card(world: World, wish: Wish) -> str | None:
    """Looked at the first time; then the same form comes again."""
    account = Account.objects.select_related("switch").get(pk=wish.account.pk)
    user, now = by(world, wish), world.now
    try:
        if wish.key not in world.offers:
            card = Card(pin=f"CARD-{wish.key}", password=wish.key)
            world.control.add_card(card.pin, card.password, wish.amount)
            offer = vouchers.look(account=account, card=card, by=user, address="127.0.0.1", now=now)
            world.offers[wish.key] = replace(offer, key=wish.key)
        offer = replace(world.offers[wish.key], amount=wish.amount)
        return vouchers.request(account=account, offer=offer, by=user, now=now, send_by_worker=False).reference
    except TopUpRefused:
        return None
