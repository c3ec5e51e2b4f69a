"""A switch that counts by a choice of its own, with some days of calls of a few accounts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from http.client import HTTPConnection
from random import Random
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from accounts.models import Account, Switch
from bench.counting.choices import ON_THE_WIRE, Choice
from billing.calls.models import DayBy
from simulator import control_orders as orders
from simulator.control import Control
from simulator.counting import Counting

ACCOUNTS = 4
CALLS_A_DAY = 12
SECOND = 1000
MINUTE = 60 * SECOND
CALLEE = "8613900000000"


@dataclass
class Switchboard:
    """`in_zone` are the accounts whose reports are in the choice's zone; `spoiled` are days with a call not listed."""

    switch: Switch
    choice: Choice
    accounts: list[Account]
    in_zone: list[Account]
    spoiled: set[tuple[int, date]] = field(default_factory=set)


def connect(
    number: int, choice: Choice, *, url: str, control: Control, random: Random, days: Sequence[date], spoil: int
) -> Switchboard:
    """Connect a new switch, of which `days` have calls; of `spoil` of them one call is counted and never listed."""
    switch = Switch.objects.create(name=f"choice-{number}", url=url, requests_per_second=10_000)
    accounts = [Account(switch=switch, number=f"N-{number}-{place}") for place in range(ACCOUNTS)]
    for account in accounts:
        _create(url, account.number)
        account.save()
    board = Switchboard(switch, choice, accounts, in_zone=accounts[::2])
    unlisted = []
    victims = random.sample([(account.pk, day) for account in accounts for day in days[1:-1]], spoil)
    for account in accounts:
        zone = ZoneInfo(choice.zone) if account in board.in_zone else ZoneInfo("UTC")
        for day in days:
            calls = _calls(random, account, day, zone)
            flows = control.history([orders.Event(call=call) for call in calls])
            if (account.pk, day) in victims:
                unlisted.append(flows[0])
                board.spoiled.add((account.pk, day))
    control.count(
        Counting(
            day_rule=ON_THE_WIRE[choice.list_by],
            report_rule=ON_THE_WIRE[DayBy(choice.rule.day_by)],
            unanswered=choice.rule.unanswered,
            zones={account.number: choice.zone for account in board.in_zone},
            states_own_midnight=choice.states_own_midnight,
            places=choice.rule.places,
            zero_start=choice.zero_start,
            unlisted=unlisted,
        )
    )
    return board


def _calls(random: Random, account: Account, day: date, zone: ZoneInfo) -> list[orders.CallOrder]:
    """Invent a day's calls: one at noon that was answered, some across midnight, the others at any time."""
    midnight = datetime.combine(day, time.min, zone)
    calls = [_call(random, account, midnight + timedelta(hours=12), answered=True)]
    for _ in range(random.randint(1, 2)):
        seconds = random.randrange(5, 40)
        calls.append(_call(random, account, midnight - timedelta(seconds=seconds), answered=True, at_least=seconds + 5))
    if random.random() < 0.5:
        calls.append(_call(random, account, midnight - timedelta(seconds=3), answered=False))
    for _ in range(CALLS_A_DAY):
        at = midnight + timedelta(seconds=random.randrange(60, 86_000))
        calls.append(_call(random, account, at, answered=random.random() < 0.6))
    return calls


def _call(random: Random, account: Account, at: datetime, *, answered: bool, at_least: int = 1) -> orders.CallOrder:
    start = int(at.astimezone(UTC).timestamp()) * SECOND
    seconds = at_least + random.randrange(600) if answered else 0
    ringing = random.randrange(4, 25) * SECOND
    return orders.CallOrder(
        account=account.number,
        callee=CALLEE,
        start=start,
        seconds=seconds,
        fee=Decimal(seconds * random.randrange(100, 999)).scaleb(-6) if answered else Decimal(0),
        fields={"stop": start + seconds * SECOND + ringing},
    )


def _create(url: str, number: str) -> None:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request("POST", "/external/server/CreateCustomer", json.dumps({"account": number, "name": number}))
        if json.loads(connection.getresponse().read())["retCode"] != 0:
            raise RuntimeError(f"no account {number}")
    finally:
        connection.close()
