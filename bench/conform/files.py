"""Many top-ups in one file: uploaded twice, confirmed twice, and carried on by two workers at once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from accounts.models import Account
from bench.conform.hands import beside_one_another
from bench.conform.orders import Order
from bench.conform.world import World
from billing.batches.models import Batch
from billing.batches.services import batches
from billing.batches.services import worker as batch_worker


def upload(world: World, orders: Sequence[Order], name: str) -> list[str]:
    """The references of what was made of it by now; sweeps make the rest. All are orders of the agent that pays."""
    lines = [f"{order.account.number},{order.amount:f},{order.key}" for order in orders]
    content = "\n".join(["account,amount,note", *lines]).encode()
    agent = Account.objects.select_related("switch").get(pk=world.payer.pk)
    for _ in range(2):
        batch = batches.upload(agent=agent, by=world.reseller, file_name=name, content=content, now=world.now).batch
        # A balance that cannot be had just now lets nothing of it be confirmed.
        with suppress(batches.BatchRefused):
            batches.confirm(batch=batch, by=world.reseller, key=batch.key, sure=True, now=world.now)
    beside_one_another(*[partial(batch_worker.carry_on, batch_id=batch.pk, now=world.now)] * 2)
    return list(Batch.objects.get(pk=batch.pk).rows.exclude(topup=None).values_list("topup__reference", flat=True))
