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
from billing.switches.management.switch_options import FIELDS, Given, add_options
from billing.switches.services import clients
from billing.switches.services.clients import SettingsRefused
from billing.switches.services.notify_address import notify_address


class Command(JsonCommand):
    about = gettext_lazy("Add a switch, or change what is named of one that is there.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name")
        parser.add_argument("url", help="http(s)://HOST:PORT")
        add_options(parser)
        parser.add_argument("--probe", action="store_true", help=_("ask which operations answer, by harmless reads"))
        parser.add_argument("--notify", action="store_true", help=_("print the secret address for what it tells"))

    def handle(self, *args: Any, **options: Any) -> None:
        switch = _save(options)
        operations = clients.answered_operations(switch) if options["probe"] else []
        data = {
            "switch": switch.name,
            "url": switch.url,
            "timezone": switch.time_zone,
            "currency": switch.currency,
            "operations": operations,
        }
        text = f"{switch.name}: {switch.url}, {switch.time_zone}, {switch.currency}"
        if options["probe"]:
            answering = _("Answering: %(operations)s") % {"operations": ", ".join(operations) or _("nothing")}
            text += f"\n{answering}"
        if options["notify"]:
            data["notify"] = notify_address(switch)
            text += "\n" + _("It may tell of changes by itself: OUT_POST_URL=%(notify)s") % data
        self.report(data, text)


def _save(options: dict[str, Any]) -> Switch:
    switch = Switch.objects.filter(name=options["name"]).first() or Switch(name=options["name"])
    before = audit.values(switch, FIELDS.values()) if switch.pk else {}
    named = {field: options[option] for option, field in FIELDS.items() if options[option] is not None}
    # A new pin takes the place of the old one, of either kind.
    if options["ca_file"] is not None or options["fingerprint"] is not None:
        switch.ca_file = switch.fingerprint = ""
    for field, value in named.items():
        setattr(switch, field, value.value if isinstance(value, Given) else value)
    _check(switch)
    action = AuditAction.CHANGED if switch.pk else AuditAction.ADDED
    changes = audit.changed(before, audit.values(switch, FIELDS.values()))
    with transaction.atomic():
        switch.save()
        if changes:
            audit.note(action=action, now=timezone.now(), subject=switch, changes=changes)
    return switch


def _check(switch: Switch) -> None:
    try:
        switch.full_clean()
        clients.check(switch)
    except ValidationError as error:
        raise BadUse(_sentence(error)) from error
    except SettingsRefused as error:
        raise BadUse(str(error.because)) from error


def _sentence(error: ValidationError) -> str:
    lines = (
        message if field == "__all__" else f"{field.replace('_', ' ')}: {message}"
        for field, messages in error.message_dict.items()
        for message in messages
    )
    return " ".join(lines)
