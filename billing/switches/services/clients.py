"""Making a client from a Switch row."""

from __future__ import annotations

import json
from pathlib import Path

from django.conf import settings

from accounts.models import Switch
from billing.lib.reasons import Because, RefusedBecause
from billing.lib.redis import connection
from billing.switches.models import SettingReason
from billing.switches.services.budget import SwitchAdmission
from billing.switches.services.priority import WaitingAdmission, present_work
from billing.switches.services.quiet_hours import QuietAdmission
from billing.switches.services.ranges import SwitchRanges
from billing.vos3000 import Admission, BadSetting, Client, Endpoint
from billing.vos3000.supported_operations import probe

READ_TIMEOUT, TOTAL_TIMEOUT = 10.0, 20.0
PAGE_TIMEOUT = 3.0  # for the whole answer, while a person waits for a page


class SettingsRefused(RefusedBecause):
    """No switch can be asked with these settings."""


def client(switch: Switch, *, read_timeout: float = READ_TIMEOUT, total_timeout: float = TOTAL_TIMEOUT) -> Client:
    """Make a client for one thread that keeps to the switch's budget. Close it, or use it as a context manager."""
    where = endpoint(switch, read_timeout=read_timeout, total_timeout=total_timeout)
    return Client(where, admission(switch), SwitchRanges(switch))


def admission(switch: Switch) -> Admission:
    """What keeps requests to the switch's budget and its hours. One that is not kept yet shares a budget of its own."""
    budget = SwitchAdmission(
        redis=connection(),
        switch_id=switch.id,
        requests_per_second=switch.requests_per_second,
        work=present_work(),
    )
    return QuietAdmission(WaitingAdmission(budget), switch)


def endpoint(switch: Switch, *, read_timeout: float = READ_TIMEOUT, total_timeout: float = TOTAL_TIMEOUT) -> Endpoint:
    """Read the address and its settings. Raises ValueError or OSError when they cannot be used (a missing file)."""
    return Endpoint(
        url=switch.url,
        time_zone=switch.zone,
        directory=switch.directory,
        suffix=switch.suffix,
        content_type=switch.content_type,
        ca_file=Path(switch.ca_file) if switch.ca_file else None,
        fingerprint=switch.fingerprint or None,
        networks=settings.SWITCH_NETWORKS,
        extra_body=json.loads(Path(switch.extra_body_file).read_text()) if switch.extra_body_file else {},
        sure_refusals=frozenset(switch.sure_refusals),
        read_timeout=read_timeout,
        total_timeout=total_timeout,
    )


def check(switch: Switch) -> None:
    """Raises SettingsRefused where no client can be made of the settings."""
    body = switch.extra_body_file
    try:
        made = endpoint(switch)
    except BadSetting as error:
        raise SettingsRefused(Because(SettingReason[error.flaw.name])) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise SettingsRefused(Because(SettingReason.NOT_JSON, {"file": body})) from error
    except OSError as error:
        why = {"file": str(error.filename), "error": str(error.strerror)}
        raise SettingsRefused(Because(SettingReason.FILE_UNREADABLE, why)) from error
    if not isinstance(made.extra_body, dict):
        raise SettingsRefused(Because(SettingReason.NOT_JSON_OBJECT, {"file": body}))
    if made.ca_file and not made.ca_file.is_file():
        raise SettingsRefused(Because(SettingReason.FILE_MISSING, {"file": str(made.ca_file)}))


def answered_operations(switch: Switch) -> list[str]:
    """Ask the switch which operations it answers; only harmless reads are tried."""
    with client(switch) as asking:
        return probe(asking)
