"""Making a client from a Switch row."""

from __future__ import annotations

import json
from pathlib import Path

from django.conf import settings

from accounts.models import Switch
from billing.lib.redis import connection
from billing.switches.services.budget import SwitchAdmission
from billing.switches.services.priority import WaitingAdmission, present_work
from billing.vos3000 import Client, Endpoint
from billing.vos3000.supported_operations import probe

READ_TIMEOUT, TOTAL_TIMEOUT = 10.0, 20.0
PAGE_TIMEOUT = 3.0  # for the whole answer, while a person waits for a page


def client(switch: Switch, *, read_timeout: float = READ_TIMEOUT, total_timeout: float = TOTAL_TIMEOUT) -> Client:
    """Make a client for one thread that keeps to the switch's budget. Close it, or use it as a context manager."""
    admission = SwitchAdmission(
        redis=connection(),
        switch_id=switch.id,
        requests_per_second=switch.requests_per_second,
        work=present_work(),
    )
    return Client(endpoint(switch, read_timeout=read_timeout, total_timeout=total_timeout), WaitingAdmission(admission))


def endpoint(switch: Switch, *, read_timeout: float = READ_TIMEOUT, total_timeout: float = TOTAL_TIMEOUT) -> Endpoint:
    """Read the address and its settings. Raises ValueError or OSError when they cannot be used (a missing file)."""
    return Endpoint(
        url=switch.url,
        time_zone=switch.zone,
        suffix=switch.suffix,
        ca_file=Path(switch.ca_file) if switch.ca_file else None,
        fingerprint=switch.fingerprint or None,
        networks=settings.SWITCH_NETWORKS,
        extra_body=json.loads(Path(switch.extra_body_file).read_text()) if switch.extra_body_file else {},
        sure_refusals=frozenset(switch.sure_refusals),
        read_timeout=read_timeout,
        total_timeout=total_timeout,
    )


def answered_operations(switch: Switch) -> list[str]:
    """Ask the switch which operations it answers; only harmless reads are tried."""
    with client(switch) as asking:
        return probe(asking)
