"""Notifications from a switch (manual §4): a hint to ask it again, never taken for the truth."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta

from accounts.models import Account, Switch
from billing.lib.redis_limits import Limit, Unavailable, spend

logger = logging.getLogger(__name__)

MONEY_CHANGED = "CustomerMoneyChange"
# The others are answered so that a switch does not repeat them; nothing in them is shown on any page.
PAGES = frozenset({MONEY_CHANGED, "CallStateReport", "PhoneOnline", "AlarmCurrentReport"})
MOST_A_MINUTE = 600
MINUTE = timedelta(minutes=1)


def handle(*, switch: Switch, page: str, body: bytes, now: datetime) -> None:
    """Mark the account whose money changed, so that it is asked for again. Raises TooMany.

    A body that cannot be read changes nothing.
    """
    try:
        spend([Limit(f"notify:{switch.pk}", MOST_A_MINUTE)], window=MINUTE)
    except Unavailable:
        logger.warning("Redis does not answer: notifications of switch %s are not counted", switch.name)
    if page != MONEY_CHANGED:
        return
    number = _account_in(body)
    changed = Account.objects.filter(switch=switch, number=number) if number else Account.objects.none()
    if not changed.update(money_changed_at=now):
        logger.info("Switch %s notified of money of an account that is not known", switch.name)


def _account_in(body: bytes) -> str:
    """The number of the account that a notification names; "" when it names none."""
    try:
        notification = json.loads(body)
    except ValueError:
        return ""
    number = notification.get("account") if isinstance(notification, dict) else None
    return number if isinstance(number, str) and "\0" not in number else ""
