from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.management.base import BadUse, JsonCommand
from accounts.models import AuditAction, Switch
from accounts.services import audit
from billing.lib.reasons import Because
from billing.switches.management.switch_options import FIELDS, Given, add_options
from billing.switches.services import calendars, clients, clock_checks
from billing.switches.services.clients import SettingsRefused
from billing.switches.services.connecting import Probed, connect
from billing.switches.services.notify_address import notify_address
from billing.switches.services.zone_evidence import possible_zones


class Command(JsonCommand):
    about = gettext_lazy("Add a switch, or change what is named of one that is there.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name")
        parser.add_argument("url", help="http(s)://HOST:PORT")
        add_options(parser)
        parser.add_argument(
            "--probe",
            action="store_true",
            help=_("find out by harmless reads how it wants to be asked, what it answers, and its clock and zone"),
        )
        parser.add_argument("--notify", action="store_true", help=_("print the secret address for what it tells"))

    def handle(self, *args: Any, **options: Any) -> None:
        switch = Switch.objects.filter(name=options["name"]).first() or Switch(name=options["name"])
        before = audit.values(switch, FIELDS.values()) if switch.pk else {}
        _fill(switch, options)
        _check(switch, names_directory=options["directory"] is not None)
        probed = connect(switch=switch, now=timezone.now()) if options["probe"] else None
        if (switch.pk is None or options["timezone"]) and (why := _why_not_the_zone(switch, probed)):
            raise BadUse(_("%(why)s Nothing was changed.") % {"why": why})
        _save(switch, before)
        if probed and probed.measured:
            clock_checks.observe(switch=switch, measured=probed.measured, now=timezone.now())
        self._tell(switch, probed, notify=options["notify"])

    def _tell(self, switch: Switch, probed: Probed | None, *, notify: bool) -> None:
        data: dict[str, object] = {
            "switch": switch.name,
            "url": switch.url,
            "timezone": switch.time_zone,
            "currency": switch.currency,
            "operations": probed.operations if probed else [],
        }
        text = f"{switch.name}: {switch.url}, {switch.time_zone}, {switch.currency}"
        if probed:
            data |= _told(switch, probed)
            text += "".join(f"\n{finding}" for finding in probed.findings)
            answering = _("Answering: %(operations)s") % {"operations": ", ".join(probed.operations) or _("nothing")}
            text += f"\n{answering}"
        if notify:
            data["notify"] = notify_address(switch)
            text += "\n" + _("It may tell of changes by itself: OUT_POST_URL=%(notify)s") % data
        self.report(data, text)


def _why_not_the_zone(switch: Switch, probed: Probed | None) -> Because | None:
    if probed and probed.measured:
        return probed.why_impossible(switch)
    return clock_checks.why_denied(switch=switch)


def _told(switch: Switch, probed: Probed) -> dict[str, object]:
    """What a probe found, for programs."""
    measured = probed.measured
    ahead = measured.clock_ahead if measured else None
    return {
        "answers": probed.answers,
        "directory": switch.directory,
        "suffix": switch.suffix,
        "content_type": switch.content_type,
        "chosen": probed.chosen,
        "clock_ahead_seconds": None if ahead is None else ahead.total_seconds(),
        "zones": possible_zones(measured.evidence) if measured else [],
        "findings": [{"code": finding.reason.value, "text": str(finding)} for finding in probed.findings],
    }


def _fill(switch: Switch, options: dict[str, Any]) -> None:
    named = {field: options[option] for option, field in FIELDS.items() if options[option] is not None}
    # A new pin takes the place of the old one, of either kind.
    if options["ca_file"] is not None or options["fingerprint"] is not None:
        switch.ca_file = switch.fingerprint = ""
    for field, value in named.items():
        setattr(switch, field, value.value if isinstance(value, Given) else value)


def _save(switch: Switch, before: dict[str, Any]) -> None:
    action = AuditAction.CHANGED if switch.pk else AuditAction.ADDED
    changes = audit.changed(before, audit.values(switch, FIELDS.values()))
    with transaction.atomic():
        calendars.correct(switch=switch)
        switch.save()
        clock_checks.settings_changed(switch=switch, is_elsewhere="url" in changes)
        if changes:
            audit.note(action=action, now=timezone.now(), subject=switch, changes=changes)


def _check(switch: Switch, *, names_directory: bool) -> None:
    """Raises BadUse for settings of which no client can be made."""
    try:
        switch.full_clean()
        clients.check(switch)
    except ValidationError as error:
        raise BadUse(_sentence(error)) from error
    except SettingsRefused as error:
        raise BadUse(str(error.because)) from error
    if why := calendars.why_it_stays(switch=switch):
        raise BadUse(str(why))
    if names_directory and clients.endpoint(switch).names_directory:
        raise BadUse(_("%(url)s ends with a directory already: leave out --directory.") % {"url": switch.url})


def _sentence(error: ValidationError) -> str:
    lines = (
        message if field == "__all__" else f"{field.replace('_', ' ')}: {message}"
        for field, messages in error.message_dict.items()
        for message in messages
    )
    return " ".join(lines)
