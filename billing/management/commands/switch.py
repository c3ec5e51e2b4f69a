from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from accounts.models import Switch
from billing.management.base import BadUse, JsonCommand
from billing.services import switches

# The option's name, and the field it fills.
FIELDS = {
    "url": "url",
    "timezone": "time_zone",
    "currency": "currency",
    "suffix": "suffix",
    "ca_file": "ca_file",
    "fingerprint": "fingerprint",
    "refusals": "sure_refusals",
    "budget": "requests_per_second",
    "extra_body": "extra_body_file",
}


class Command(JsonCommand):
    help = "Add a switch, or change what is named of one that is there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name")
        parser.add_argument("url", help="http(s)://HOST:PORT")
        parser.add_argument("--timezone", metavar="TZ", help="of the switch's calendar, such as Asia/Shanghai")
        parser.add_argument("--currency", metavar="CUR", help="three letters, such as USD")
        parser.add_argument("--suffix", help="put behind each operation's name, such as .jsp")
        pin = parser.add_mutually_exclusive_group()
        pin.add_argument("--ca-file", metavar="FILE", type=_file, help="PEM file that the certificate must chain to")
        pin.add_argument("--fingerprint", metavar="SHA256", help="of the certificate, in hexadecimal")
        parser.add_argument(
            "--refusals", metavar="CODES", type=_codes, help="retCodes that mean: surely not done (--refusals=-10007,…)"
        )
        parser.add_argument("--budget", metavar="REQUESTS_PER_SECOND", type=_number)
        parser.add_argument(
            "--extra-body", metavar="FILE", type=_file, help="JSON object with fields that go into every body"
        )
        parser.add_argument("--probe", action="store_true", help="ask which operations answer, by harmless reads")

    def handle(self, *args: Any, **options: Any) -> None:
        switch = _save(options)
        operations = _probe(switch) if options["probe"] else []
        data = {
            "switch": switch.name,
            "url": switch.url,
            "timezone": switch.time_zone,
            "currency": switch.currency,
            "operations": operations,
        }
        text = f"{switch.name}: {switch.url}, {switch.time_zone}, {switch.currency}"
        if options["probe"]:
            text += f"\nAnswering: {', '.join(operations) or 'nothing'}"
        self.report(data, text)


def _save(options: dict[str, Any]) -> Switch:
    switch = Switch.objects.filter(name=options["name"]).first() or Switch(name=options["name"])
    named = {field: options[option] for option, field in FIELDS.items() if options[option] is not None}
    # A new pin takes the place of the old one, of either kind.
    if options["ca_file"] is not None or options["fingerprint"] is not None:
        switch.ca_file = switch.fingerprint = ""
    for field, value in named.items():
        setattr(switch, field, value)
    _check(switch)
    switch.save()
    return switch


def _check(switch: Switch) -> None:
    try:
        switch.full_clean()
        endpoint = switches.endpoint(switch)
    except ValidationError as error:
        raise BadUse(_sentence(error)) from error
    except OSError as error:
        raise BadUse(f"{error.filename}: {error.strerror}.") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadUse(f"{switch.extra_body_file} is not JSON.") from error
    except ValueError as error:
        raise BadUse(str(error)) from error
    if not isinstance(endpoint.extra_body, dict):
        raise BadUse(f"{switch.extra_body_file} is not a JSON object.")
    if switch.ca_file and not Path(switch.ca_file).is_file():
        raise BadUse(f"There is no file {switch.ca_file}.")


def _sentence(error: ValidationError) -> str:
    lines = (
        message if field == "__all__" else f"{field.replace('_', ' ')}: {message}"
        for field, messages in error.message_dict.items()
        for message in messages
    )
    return " ".join(lines)


def _probe(switch: Switch) -> list[str]:
    with switches.client(switch) as asking:
        return asking.probe()


def _file(text: str) -> str:
    """A path that holds from wherever the portal runs. Empty takes the setting away."""
    return str(Path(text).resolve()) if text else ""


def _codes(text: str) -> list[int]:
    try:
        return [int(code) for code in text.split(",")] if text else []
    except ValueError as error:
        raise ArgumentTypeError("codes are whole numbers with commas between them, such as -10007,-10010") from error


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ArgumentTypeError(f"{text} is not a number") from error
    if not number.is_finite():
        raise ArgumentTypeError(f"{text} is not a number")
    return number
