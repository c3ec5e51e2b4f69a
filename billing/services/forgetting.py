"""What is kept no longer: calls of old months, with what was noted of single records of theirs (days and totals stay);
and the routing of a switch's calls, when its operator wants it gone.
"""

from __future__ import annotations

import logging
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from accounts.models import AuditAction, Switch
from accounts.services import audit
from billing.models import CallDay, CallElsewhere, CallTotal, DroppedMonth, UnreadableRecord
from billing.queries.days import each_day
from billing.queries.retention import NEAR_ITS_DAY, first_known_day, kept_from
from billing.services import day_rows, partitions
from billing.services.call_routing import LOCK_KEY
from billing.services.call_staging import BIGINT_MAX

logger = logging.getLogger(__name__)

AT_ONCE = 10_000
LOCK_TO_FORGET = f"SELECT pg_advisory_xact_lock({LOCK_KEY})"
# Of one month, so that all of it is in one table and found again by where it stands there. A day that is being loaded
# may hold some of it; waiting for that day while it waits for us would end one of the two.
FORGET = """
    DELETE FROM billing_callrouting
    WHERE started_at >= %(begin)s AND started_at < %(end)s AND switch_id = %(switch)s AND ctid = ANY(ARRAY(
        SELECT ctid FROM billing_callrouting
        WHERE started_at >= %(begin)s AND started_at < %(end)s AND switch_id = %(switch)s AND flow_no >= %(least)s
        ORDER BY flow_no LIMIT %(at_once)s FOR UPDATE SKIP LOCKED
    ))
    RETURNING flow_no
"""
IS_LEFT = "SELECT EXISTS (SELECT 1 FROM billing_callrouting WHERE switch_id = %(switch)s)"


class RoutingIsKept(Exception):
    """The switch's setting has it kept."""


class RoutingIsLeft(Exception):
    """Days that were being loaded at that moment held some of it."""


def forget_calls(*, now: datetime) -> list[date]:
    """Months that were dropped. Not inside a transaction."""
    begin = kept_from(now)
    _want_again(since=begin, now=now)
    months = [month for month in partitions.months() if begin and month < begin.date()]
    # Before they are: what is gone must not be taken for what is here.
    DroppedMonth.objects.bulk_create([DroppedMonth(month=month) for month in months], ignore_conflicts=True)
    dropped = partitions.drop_before(begin=begin)
    DroppedMonth.objects.filter(month__in=[month for month in months if partitions.is_in(month)]).delete()
    if begin is None:
        return dropped
    UnreadableRecord.objects.filter(day__lt=begin.date()).delete()
    # A day of which a row is kept is still added up with what it reports elsewhere.
    CallElsewhere.objects.filter(day__lt=(begin - NEAR_ITS_DAY).date()).delete()
    return dropped


def _want_again(*, since: datetime | None, now: datetime) -> None:
    """Days of dropped months that are to be kept now, because the setting was raised, are fetched when asked for.

    Their figures and proofs stand as they are until then.
    """
    months = DroppedMonth.objects.filter(month__gte=since.date()) if since else DroppedMonth.objects.all()
    for month in months:
        for switch in Switch.objects.all():
            _mark(switch, month.month, first_known_day(switch=switch, now=now))
        month.delete()
        logger.info("Calls of %s are to be kept again, and fetched when asked for", month)


def _mark(switch: Switch, month: date, first: date) -> None:
    begin, end = partitions.begin_of(month), partitions.begin_of(partitions.following(month))
    of_day = CallTotal.objects.filter(account=OuterRef("account"), day=OuterRef("day"))
    dropped = Exists(of_day.filter(hour__gte=begin, hour__lt=end))
    for day in each_day(max(first, (begin - NEAR_ITS_DAY).date()), (end + NEAR_ITS_DAY).date()):
        days = list(CallDay.objects.filter(dropped, account__switch=switch, day=day))
        with day_rows.held(days):
            CallDay.objects.filter(pk__in=[one.pk for one in days]).update(calls_dropped=True)


def forget_routing(*, switch: Switch, now: datetime) -> int:
    """Forget what is kept of the routing of its calls, some thousands at a time: of how many calls it was.

    What was forgotten before it is stopped stays so. Raises RoutingIsLeft, and RoutingIsKept, also when the setting is
    turned on meanwhile.
    """
    _check(switch)
    _await_those_that_keep(switch)
    forgotten = 0
    if _is_left(switch):
        _note(switch, "The routing of its calls is being forgotten", now)
        for month in partitions.months():
            forgotten += _forget_month(switch, month)
        if _is_left(switch):
            raise RoutingIsLeft
        _note(switch, f"The routing of {forgotten:,} of its calls is forgotten, and none is kept", now)
    return forgotten


def _await_those_that_keep(switch: Switch) -> None:
    """Days that are about to come in with routing, since the setting was on when they were asked for."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK_TO_FORGET, {"switch": switch.pk})


def _forget_month(switch: Switch, month: date) -> int:
    """By number, so that no piece begins by looking through what is gone already."""
    forgotten, least = 0, -BIGINT_MAX
    while piece := _forget_some(switch, month, least):
        forgotten, least = forgotten + len(piece), max(piece)
    return forgotten


def _forget_some(switch: Switch, month: date, least: int) -> list[int]:
    place: dict[str, Any] = {
        "switch": switch.pk,
        "begin": partitions.begin_of(month),
        "end": partitions.begin_of(partitions.following(month)),
        "least": least,
        "at_once": AT_ONCE,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK_TO_FORGET, place)
        _check(switch)
        cursor.execute(FORGET, place)
        return [flow_no for (flow_no,) in cursor.fetchall()]


def _check(switch: Switch) -> None:
    if Switch.objects.filter(pk=switch.pk, keep_routing=True).exists():
        raise RoutingIsKept


def _is_left(switch: Switch) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(IS_LEFT, {"switch": switch.pk})
        return bool(cursor.fetchone()[0])


def _note(switch: Switch, text: str, now: datetime) -> None:
    audit.note(action=AuditAction.REMOVED, now=now, subject=switch, text=text)
    logger.info("%s: %s", switch, text)
