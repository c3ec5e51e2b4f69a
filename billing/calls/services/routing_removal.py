"""Forgetting the routing of a switch's calls, when its operator wants it gone."""

from __future__ import annotations

import logging
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from accounts.models import AuditAction, Switch
from accounts.services import audit
from billing.calls.services import partitions
from billing.calls.services.staging import BIGINT_MAX
from billing.lib.advisory_locks import Locked, lock
from billing.lib.days import MONTH

logger = logging.getLogger(__name__)

AT_ONCE = 10_000
# Deletes rows of one month, so that all are in one table and found again by where they stand there. Rows that a day
# which is being loaded has locked are left out: were that day to wait for us as well, one of the two would be ended.
FORGET = """
    DELETE FROM calls_callrouting
    WHERE started_at >= %(begin)s AND started_at < %(end)s AND switch_id = %(switch)s AND ctid = ANY(ARRAY(
        SELECT ctid FROM calls_callrouting
        WHERE started_at >= %(begin)s AND started_at < %(end)s AND switch_id = %(switch)s AND flow_no >= %(least)s
        ORDER BY flow_no LIMIT %(at_once)s FOR UPDATE SKIP LOCKED
    ))
    RETURNING flow_no
"""
IS_LEFT = "SELECT EXISTS (SELECT 1 FROM calls_callrouting WHERE switch_id = %(switch)s)"


class RoutingIsKept(Exception):
    """The switch's setting says that routing is to be kept."""


class RoutingIsLeft(Exception):
    """Some routing is left, since days that were being loaded at that moment had locked it."""


def forget_routing(*, switch: Switch, now: datetime) -> int:
    """Forget the routing of all calls of a switch, some thousands at a time, and return of how many calls it was.

    What is forgotten stays forgotten when this is stopped. Raises RoutingIsLeft, and RoutingIsKept, also when the
    setting is turned on meanwhile.
    """
    _check(switch)
    _await_days_being_loaded(switch)
    forgotten = 0
    if _is_left(switch):
        _note(switch, "The routing of its calls is being forgotten", now)
        for month in partitions.months():
            forgotten += _forget_month(switch, month)
        if _is_left(switch):
            raise RoutingIsLeft
        _note(switch, f"The routing of {forgotten:,} of its calls is forgotten, and none is kept", now)
    return forgotten


def _await_days_being_loaded(switch: Switch) -> None:
    """Wait for days that are about to come in with routing, since the setting was on when they were asked for."""
    with transaction.atomic():
        lock(Locked.ROUTING_OF_SWITCH, switch.pk)


def _forget_month(switch: Switch, month: date) -> int:
    """Forget a month's routing by the number of the call, so that no piece begins by reading what is gone already."""
    forgotten, least = 0, -BIGINT_MAX
    while piece := _forget_some(switch, month, least):
        forgotten, least = forgotten + len(piece), max(piece)
    return forgotten


def _forget_some(switch: Switch, month: date, least: int) -> list[int]:
    """Forget one piece of a month's routing, from that number on, and return the numbers of its calls."""
    parameters: dict[str, Any] = {
        "switch": switch.pk,
        "begin": partitions.begin_of(month),
        "end": partitions.begin_of(month + MONTH),
        "least": least,
        "at_once": AT_ONCE,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        lock(Locked.ROUTING_OF_SWITCH, switch.pk)
        _check(switch)
        cursor.execute(FORGET, parameters)
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
