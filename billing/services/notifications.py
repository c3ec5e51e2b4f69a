"""What a switch tells by itself (manual §4): a hint to look again, never the truth.

It carries no signature. Who knows the secret address of a switch may say that something changed there, and no more.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.crypto import constant_time_compare

from accounts.lib import encryption
from accounts.models import Account, Switch
from billing.services.guesses import Limit, Uncounted, take

logger = logging.getLogger(__name__)

PURPOSE = __name__
MONEY_CHANGED = "CustomerMoneyChange"
# The others are answered, so that a switch does not repeat them, and say nothing that is shown here.
PAGES = frozenset({MONEY_CHANGED, "CallStateReport", "PhoneOnline", "AlarmCurrentReport"})
MOST_A_MINUTE = 600
MINUTE = timedelta(minutes=1)


def address(switch: Switch) -> str:
    """OUT_POST_URL of the switch. It changes with SECRET_KEY; those before it go on working."""
    return f"{settings.PUBLIC_URL}/notify/{encryption.digests(PURPOSE, str(switch.pk))[0]}/"


def switch_of(secret: str) -> Switch | None:
    """Each is compared to its end, so that the time it takes tells nothing."""
    found = None
    for switch in Switch.objects.order_by("pk"):
        for known in encryption.digests(PURPOSE, str(switch.pk)):
            if constant_time_compare(secret, known):
                found = switch
    return found


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
