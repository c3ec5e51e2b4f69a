"""Reading the rates of a rate group (manual §3.44) when a page needs them; a worker does it.

When the switch fails, the rates that were last read stay.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import Account
from billing.lib.queued_tasks import QueuedTask
from billing.rates.models import Rate, RateGroup
from billing.switches.services import on_demand, unusable_answers
from billing.switches.services.clients import client
from billing.switches.services.failures import FAILURES
from billing.switches.services.unusable_answers import why_unusable
from billing.vos3000 import Listed
from billing.vos3000.operations.rates import FeeRate, get_fee_rates

logger = logging.getLogger(__name__)

READ_RATES = QueuedTask(name="billing.rates.tasks.read_rates", queue="default")
OPERATION = "GetFeeRate"
AT_ONCE = 1000
LARGEST_FEE, LONGEST_PERIOD, LONGEST_PREFIX = 10**12, 2**31 - 1, 100


@dataclass(frozen=True)
class Known:
    """An account's rate group, or None where the switch names none; `is_coming`: its rates are being read."""

    group: RateGroup | None
    is_coming: bool = False


def of_account(*, account: Account, now: datetime, group: RateGroup | None = None) -> Known:
    """Get an account's rates as they are known; where they are old, a worker is asked to read them again.

    `group` is its group of rates where that was read already.
    """
    if not account.rate_group:
        return Known(None)
    if group is None:
        group, _ = RateGroup.objects.get_or_create(switch=account.switch, name=account.rate_group)
    return Known(group, is_coming=on_demand.request_refresh(group, task=READ_RATES, now=now))


def read(*, group_id: int, now: datetime) -> None:
    """Ask the switch for a group's rates and store them in place of those known before."""
    group = RateGroup.objects.select_related("switch").get(pk=group_id)
    if not group.is_open:
        return
    try:
        with client(group.switch) as asking:
            stated = get_fee_rates(asking, group=group.name)
    except FAILURES as error:
        on_demand.failed(group, error, now=now)
        return
    _store(group, stated, now)


@transaction.atomic
def _store(group: RateGroup, stated: Listed[FeeRate], now: datetime) -> None:
    """Replace the rates that changed; what is the same is not written, and what cannot be read stays as it was."""
    # Two answers are stored one after another.
    RateGroup.objects.select_for_update().get(pk=group.pk)
    by_prefix = {rate.fee_prefix: rate for rate in stated}
    usable = {prefix: _row(group, rate) for prefix, rate in by_prefix.items() if _is_usable(rate)}
    if len(usable) < len(by_prefix):
        logger.warning("%s of the %s cannot be used", len(by_prefix) - len(usable), group)
    known = {rate.prefix: rate for rate in group.rates.all()}
    new = [rate for prefix, rate in usable.items() if prefix not in known or not rate.is_like(known[prefix])]
    unreadable = {row.name for row in stated.unreadable}
    gone = set() if "" in unreadable else known.keys() - usable.keys() - unreadable
    replaced = {rate.prefix for rate in new} | gone
    group.rates.filter(pk__in=[rate.pk for prefix, rate in known.items() if prefix in replaced]).delete()
    Rate.objects.bulk_create(new, batch_size=AT_ONCE)
    on_demand.refreshed(group, now=now)
    _note_unreadable(group, stated, now)


def _note_unreadable(group: RateGroup, stated: Listed[FeeRate], now: datetime) -> None:
    """Note the prefixes whose rate cannot be read, each by its group and its prefix."""
    named = f"{group.name[: LONGEST_PREFIX // 2]} "
    failed = {f"{named}{row.name}"[:LONGEST_PREFIX]: why_unusable(row) for row in stated.unreadable}
    held = unusable_answers.noted(switch=group.switch, operation=OPERATION)
    readable = [name for name in held if name.startswith(named) and name not in failed]
    unusable_answers.settle(switch=group.switch, operation=OPERATION, numbers=readable)
    unusable_answers.note(switch=group.switch, operation=OPERATION, failed=failed, now=now)


def _is_usable(rate: FeeRate) -> bool:
    """Whether the table can hold the rate."""
    fees = (rate.fee, *(first.fee for first in rate.first_intervals))
    lengths = (rate.period, *(first.time for first in rate.first_intervals))
    return (
        rate.period > 0
        and len(rate.fee_prefix) <= LONGEST_PREFIX
        and all(abs(fee) < LARGEST_FEE for fee in fees)
        and all(0 <= length <= LONGEST_PERIOD for length in lengths)
    )


def _row(group: RateGroup, rate: FeeRate) -> Rate:
    first = sorted(rate.first_intervals, key=lambda interval: interval.position)
    return Rate(
        group=group,
        prefix=rate.fee_prefix,
        area_name=rate.area_name,
        fee=rate.fee,
        period=rate.period,
        first_fees=[interval.fee for interval in first],
        first_seconds=[interval.time for interval in first],
    )
