"""The secret address at which a switch notifies the portal of changes (manual §4); each switch has its own.

A notification carries no signature. A sender that knows the address of a switch may say that something changed there,
and no more.
"""

from __future__ import annotations

from django.conf import settings
from django.utils.crypto import constant_time_compare

from accounts.lib import encryption
from accounts.models import Switch

# Every address is derived from it: a change would close the addresses that operators have given to their switches.
PURPOSE = "notify address"


def notify_address(switch: Switch) -> str:
    """The OUT_POST_URL of the switch. It changes with SECRET_KEY; addresses made with earlier keys go on working."""
    return f"{settings.PUBLIC_URL}/notify/{encryption.digests(PURPOSE, str(switch.pk))[0]}/"


def switch_of(secret: str) -> Switch | None:
    """Find the switch of a secret. Every secret is compared to its end, so that the time taken reveals nothing."""
    found = None
    for switch in Switch.objects.order_by("pk"):
        for known in encryption.digests(PURPOSE, str(switch.pk)):
            if constant_time_compare(secret, known):
                found = switch
    return found
