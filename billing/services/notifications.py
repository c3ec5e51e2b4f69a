"""What a switch tells by itself (manual §4): a hint to look again, never the truth."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta

from accounts.models import Account, Switch
from billing.services.guesses import Limit, Uncounted, take

logger = logging.getLogger(__name__)

MONEY_CHANGED = "CustomerMoneyChange"
# The others are answered, so that a switch does not repeat them, and say nothing that is shown here.
PAGES = frozenset({MONEY_CHANGED, "CallStateReport", "PhoneOnline", "AlarmCurrentReport"})
MOST_A_MINUTE = 600
MINUTE = timedelta(minutes=1)


def heed(*, switch: Switch, page: str, body: bytes, now: datetime) -> None:
    """Mark what is to be asked for again. What cannot be read is left; raises TooMany."""
    try:
        take([Limit(f"notify:{switch.pk}", MOST_A_MINUTE)], window=MINUTE)
    except Uncounted:
        logger.warning("Redis does not answer: what switch %s tells is not counted", switch.name)
    if page != MONEY_CHANGED:
        return
    number = _account_in(body)
    changed = Account.objects.filter(switch=switch, number=number) if number else Account.objects.none()
    if not changed.update(money_changed_at=now):
        logger.info("Switch %s tells of money of no account that is known", switch.name)


def _account_in(body: bytes) -> str:
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    number = told.get("account") if isinstance(told, dict) else None
    return number if isinstance(number, str) and "\0" not in number else ""
