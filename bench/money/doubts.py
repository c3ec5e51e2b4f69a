"""Many top-ups in doubt at once, and how often the switch is asked until none is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from bench.conform.world import World
from billing.topups.models import Source, TopUp, TopUpState
from billing.topups.services import doubt_resolution
from billing.topups.services import requests as topup_requests
from billing.topups.services import sending as topup_sending


@dataclass(frozen=True)
class Resolving:
    """`asked` counts all requests, `history` those for payments."""

    doubtful: int
    accounts: int
    confirmed: int
    history: int
    asked: int
    seconds: float


def resolve_many(world: World, count: int) -> Resolving:
    """Each was done, though the answer was a code that says nothing; then one look is had at all of them."""
    accounts = [account for account in world.accounts if account.pk != world.payer.pk]
    world.control.add_fault("Pay", "unlisted_code_after")
    for number in range(count):
        account = accounts[number % len(accounts)]
        topup = topup_requests.request(
            account=account,
            amount=Decimal(number + 1) / 100,
            by=world.staff,
            key=f"doubt-{number}",
            source=Source.OPERATOR,
            now=world.now,
            send_by_worker=False,
            besides_unsettled=True,
        )
        topup_sending.send(topup_id=topup.pk, now=world.now)
    world.control.clear_faults()
    doubtful = TopUp.objects.filter(state=TopUpState.IN_DOUBT).count()
    world.control.reset_stats()
    began = time.monotonic()
    resolved = doubt_resolution.resolve(switch=world.switch, now=world.now + timedelta(minutes=5))
    seconds = time.monotonic() - began
    stats = world.control.stats()
    return Resolving(
        doubtful, len(accounts), resolved.confirmed, stats.requests.get("GetPayHistory", 0), stats.total, seconds
    )
