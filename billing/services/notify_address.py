"""The secret address at which a switch tells of changes by itself (manual §4): it says which switch it is.

A notification carries no signature. A sender that knows the address of a switch may say that something changed there,
and no more.
"""

from __future__ import annotations

from django.conf import settings
from django.utils.crypto import constant_time_compare

from accounts.lib import encryption
from accounts.models import Switch

# Every address is made of it. It names no module any more, and stays, so that the addresses given out go on working.
PURPOSE = "billing.services.notifications"


def notify_address(switch: Switch) -> str:
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
