"""The rates of a rate group (manual §3.44), read by a worker when somebody wants them, and kept.

A group is asked for at most once an hour, however many look. A switch that fails leaves what was last read.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from celery import current_app
from django.db import transaction
from django.db.models import Q
from kombu.exceptions import OperationalError

from accounts.models import Account
from billing.models import Rate, RateGroup
from billing.services.failures import FAILURES, sentence
from billing.services.switches import client
from billing.vos3000 import FeeRate, Unreachable

logger = logging.getLogger(__name__)

FRESH_FOR = timedelta(hours=1)
# Where the switch was surely not asked: withheld by its budget, or not reached.
NOT_ASKED_AGAIN_AFTER = timedelta(minutes=1)
# How long an answer is waited for before a page stops looking for it.
PATIENCE = timedelta(minutes=1)
AT_ONCE = 1000
LARGEST_FEE, LONGEST_PERIOD, LONGEST_PREFIX = 10**12, 2**31 - 1, 100


@dataclass(frozen=True)
class Known:
    """`group` is None where the switch does not say which rates an account has; `is_coming`: they are being read."""

    group: RateGroup | None
    is_coming: bool = False


def of_account(*, account: Account, now: datetime) -> Known:
    """What is known of an account's rates. A worker is asked to read them where they are old; nobody waits here."""
    if not account.rate_group:
        return Known(None)
    group, _ = RateGroup.objects.get_or_create(switch=account.switch, name=account.rate_group)
    due = RateGroup.objects.filter(pk=group.pk).filter(Q(not_before__isnull=True) | Q(not_before__lte=now))
    if due.update(asked_at=now, not_before=now + FRESH_FOR):
        group.refresh_from_db()
        transaction.on_commit(partial(_announce, group.pk, now))
    return Known(group, is_coming=_is_coming(group, now))


def read(*, group_id: int, now: datetime) -> None:
    """Ask for a group's rates and put them in the place of those known before."""
    group = RateGroup.objects.select_related("switch").get(pk=group_id)
    if not _is_open(group):
        return
    try:
        with client(group.switch) as asking:
            stated = asking.get_fee_rates(group=group.name)
    except FAILURES as error:
        logger.info("The rates of %s were not read: %s", group, error)
        _note_failure(group, sentence(error), now, was_asked=not isinstance(error, Unreachable))
        return
    _store(group, stated, now)


def _is_coming(group: RateGroup, now: datetime) -> bool:
    return _is_open(group) and group.asked_at is not None and now - group.asked_at < PATIENCE


def _is_open(group: RateGroup) -> bool:
    """Whether they were asked for and that has not ended."""
    return group.asked_at is not None and (group.ended_at is None or group.ended_at < group.asked_at)


def _announce(group_id: int, now: datetime) -> None:
    try:
        current_app.send_task("billing.tasks.sync.read_rates", args=[group_id], queue="default", retry=False)
    except OperationalError:
        logger.warning("The broker does not answer: rate group %s is asked for at the next look", group_id)
        _note_failure(RateGroup(pk=group_id), "The portal’s own workers cannot be reached.", now, was_asked=False)


def _note_failure(group: RateGroup, why: str, now: datetime, *, was_asked: bool) -> None:
    changed = {} if was_asked else {"not_before": now + NOT_ASKED_AGAIN_AFTER}
    RateGroup.objects.filter(pk=group.pk).update(ended_at=now, failure=why, **changed)


@transaction.atomic
def _store(group: RateGroup, stated: Iterable[FeeRate], now: datetime) -> None:
    # Two answers are stored one after another.
    RateGroup.objects.select_for_update().get(pk=group.pk)
    by_prefix = {rate.fee_prefix: rate for rate in stated}
    usable = {prefix: _row(group, rate) for prefix, rate in by_prefix.items() if _is_usable(rate)}
    if len(usable) < len(by_prefix):
        logger.warning("%s rates of %s cannot be used", len(by_prefix) - len(usable), group)
    known = {rate.prefix: rate for rate in group.rates.all()}
    new = [rate for prefix, rate in usable.items() if prefix not in known or not rate.is_like(known[prefix])]
    replaced = {rate.prefix for rate in new} | (known.keys() - usable.keys())
    group.rates.filter(pk__in=[rate.pk for prefix, rate in known.items() if prefix in replaced]).delete()
    Rate.objects.bulk_create(new, batch_size=AT_ONCE)
    RateGroup.objects.filter(pk=group.pk).update(read_at=now, ended_at=now, failure="")


def _is_usable(rate: FeeRate) -> bool:
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
