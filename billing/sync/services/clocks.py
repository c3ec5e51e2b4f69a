"""The hourly look at a switch's clock and zone, by payments that are known to be on it."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import Switch
from billing.balances.models import Payment
from billing.switches.services import clock_checks
from billing.switches.services.clock_checks import OwnPayment
from billing.switches.services.zone_evidence import KnownPayment
from billing.topups.models import TopUp, TopUpState

# A payment of ours tells of the clock as it was then.
LATELY = timedelta(days=1)
MOST_PAYMENTS, MOST_OWN = 3, 20


def check(*, switch: Switch, now: datetime) -> str:
    """Compare its clock with ours and its answers with its zone; staff see what is wrong. Raises SwitchError."""
    newest = Payment.objects.filter(account__switch=switch, account__missing_since__isnull=True).order_by("-paid_at")
    rows = newest.values_list("account__number", "paid_at")[:MOST_PAYMENTS]
    known = [KnownPayment(number, paid_at) for number, paid_at in rows]
    observation = clock_checks.check(switch=switch, now=now, payments=known, own=_own(switch, now))
    if observation.zone_is_wrong:
        return f"{switch.time_zone} is not its zone"
    ahead = observation.clock_ahead
    return "it does not say what time it is" if ahead is None else f"{ahead.total_seconds():.0f} s ahead of us"


def _own(switch: Switch, now: datetime) -> list[OwnPayment]:
    """Choose top-ups that were answered at once: when others were done is not known."""
    topups = TopUp.objects.filter(
        account__switch=switch, state=TopUpState.CONFIRMED, payment__isnull=False, sent_at__gt=now - LATELY, looks=0
    )
    pairs = topups.order_by("-sent_at").values_list("sent_at", "payment__paid_at")[:MOST_OWN]
    return [OwnPayment(sent_at, paid_at) for sent_at, paid_at in pairs if sent_at is not None]
