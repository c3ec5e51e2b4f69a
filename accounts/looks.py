"""The record of staff opening customers' pages."""

from __future__ import annotations

import ipaddress
from datetime import datetime

from accounts.access import Access
from accounts.models import Look

PATH_LENGTH = 500


def record(*, access: Access, path: str, address: str, now: datetime) -> Look:
    """One look of a member of staff. `address` is where the request came from; what is no IP address is left out.

    ValueError when the access is a member's own: those are nobody's to watch.
    """
    if not access.as_staff:
        raise ValueError("Only what staff look at is recorded.")
    return Look.objects.create(
        staff=access.user,
        account=access.account,
        path=path[:PATH_LENGTH],
        address=_ip(address),
        at=now,
    )


def _ip(address: str) -> str | None:
    try:
        # A zone, as in fe80::1%eth0, says something of this machine alone and no column holds it.
        return str(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return None
