"""The options of `manage.py switch`: each fills one field of the Switch, and what is not named stays as it is."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from accounts.lib.money_columns import MONEY_PLACES
from accounts.lib.written_numbers import ReadTwoWays, UnclearNumber, plain_digits, reader_marks

# The option's name, and the field it fills.
FIELDS = {
    "url": "url",
    "timezone": "time_zone",
    "currency": "currency",
    "directory": "directory",
    "suffix": "suffix",
    "content_type": "content_type",
    "ca_file": "ca_file",
    "fingerprint": "fingerprint",
    "refusals": "sure_refusals",
    "budget": "requests_per_second",
    "extra_body": "extra_body_file",
    "call_days_kept": "call_days_kept",
    "quiet_hours": "quiet_hours",
    "longest_range": "longest_range",
    "voucher_cards": "voucher_cards",
    "online_payments": "online_payments",
    "lock_on_dispute": "lock_on_dispute",
    "claim_by_phrase": "claim_by_phrase",
    "claim_by_phone": "claim_by_phone",
    "keep_routing": "keep_routing",
    "places": "topup_places",
    "limit": "topup_limit",
    "limit_per_user": "daily_limit_per_user",
    "limit_per_account": "daily_limit_per_account",
    "fresh_login_above": "fresh_login_above",
    "warn_within": "warn_within",
    "sending_deadline": "sending_deadline",
    "settling_time": "settling_time",
    "clean_looks": "clean_looks",
    "first_look": "first_look_after",
    "look_factor": "look_factor",
    "longest_look_pause": "longest_look_pause",
    "failed_look_pause": "failed_look_pause",
}


@dataclass(frozen=True)
class Given:
    """The value of an option that may be None: then the field is emptied, while an option not given changes nothing."""

    value: object


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--timezone", metavar="TZ", help=_("of the switch's calendar, such as Asia/Shanghai"))
    parser.add_argument("--currency", metavar="CUR", help=_("three letters, such as USD"))
    parser.add_argument(
        "--directory",
        type=_directory,
        help=_("of the interface, /external/server unless set; an address that ends with one is taken as it is"),
    )
    parser.add_argument("--suffix", help=_("put behind each operation's name, such as .jsp"))
    parser.add_argument("--content-type", metavar="TYPE", help=_("of requests; text/html;charset=UTF-8 unless set"))
    pin = parser.add_mutually_exclusive_group()
    pin.add_argument("--ca-file", metavar="FILE", type=_file, help=_("PEM file that the certificate must chain to"))
    pin.add_argument("--fingerprint", metavar="SHA256", help=_("of the certificate, in hexadecimal"))
    parser.add_argument(
        "--refusals", metavar="CODES", type=_codes, help=_("retCodes that mean: surely not done (--refusals=-10007,…)")
    )
    parser.add_argument("--budget", metavar="REQUESTS_PER_SECOND", type=_number)
    parser.add_argument(
        "--extra-body", metavar="FILE", type=_file, help=_("JSON object with fields that go into every body")
    )
    parser.add_argument(
        "--call-days-kept",
        metavar="DAYS",
        type=_or_none(int),
        help=_("how many days back the switch still has call records: older ones are not asked for; empty: unknown"),
    )
    parser.add_argument(
        "--voucher-cards", action=BooleanOptionalAction, help=_("owners of accounts pay in voucher cards")
    )
    _add_limits_of_questions(parser)
    parser.add_argument(
        "--online-payments",
        action=BooleanOptionalAction,
        help=_("owners pay for their accounts by card, at the provider that PAYMENT_PROVIDER names"),
    )
    parser.add_argument(
        "--lock-on-dispute",
        action=BooleanOptionalAction,
        help=_("lock an account on the switch when a payment for it by card is disputed; people unlock it"),
    )
    parser.add_argument(
        "--claim-by-phrase",
        action=BooleanOptionalAction,
        help=_("people claim an account by the code phrase that `manage.py phrase` or the staff site placed for it"),
    )
    parser.add_argument(
        "--claim-by-phone",
        action=BooleanOptionalAction,
        help=_("people claim an account by the web-query password of one of its phones (GetPhone)"),
    )
    parser.add_argument(
        "--keep-routing",
        action=BooleanOptionalAction,
        help=_("keep gateways and addresses of calls fetched from now on, for operators alone"),
    )
    _add_limits(parser.add_argument_group(_("top-ups"), _("Amounts in the switch's currency; times in seconds.")))


def _add_limits_of_questions(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--quiet-hours",
        metavar="08:00-20:00",
        help=_("hours of the switch's clock in which it is not asked for call records; empty: noticed when it refuses"),
    )
    parser.add_argument(
        "--longest-range",
        metavar="DAYS",
        type=_or_none(int),
        help=_("how many days one question may be about; empty: noticed when the switch refuses more"),
    )


def _add_limits(group: Any) -> None:
    none = _("; empty: none")
    for option, kind, about in (
        ("--places", _or_none(int), _("decimal places of an amount; empty: those of the currency")),
        ("--limit", _number, _("the largest single one")),
        ("--limit-per-user", _or_none(_number), _("what one person may top up a day") + none),
        ("--limit-per-account", _or_none(_number), _("what one account may be topped up by a day") + none),
        ("--fresh-login-above", _or_none(_number), _("people show once more that it is them; empty: never")),
        ("--warn-within", _seconds, _("for how long the same again must be meant")),
        ("--sending-deadline", _seconds, _("how long an unsent one is tried")),
        ("--settling-time", _seconds, _("how long one may stay in doubt before a person decides")),
        ("--clean-looks", int, _("looks at the payment history without a find before a person decides")),
        ("--first-look", _seconds, _("when one in doubt is first looked for")),
        ("--look-factor", int, _("by how much each pause between looks is longer than the one before")),
        ("--longest-look-pause", _seconds, _("between two looks")),
        ("--failed-look-pause", _seconds, _("when the payment history could not be read")),
    ):
        group.add_argument(option, type=kind, help=about, metavar="SECONDS" if kind is _seconds else "NUMBER")


def _or_none(kind: Callable[[str], object]) -> Callable[[str], Given]:
    def number(text: str) -> Given:
        return Given(kind(text) if text else None)

    return number


def _file(text: str) -> str:
    """Make a path absolute, so that it holds wherever the portal runs. An empty one takes the setting away."""
    return str(Path(text).resolve()) if text else ""


def _directory(text: str) -> str:
    return f"/{text.strip('/')}"


def _codes(text: str) -> list[int]:
    try:
        return [int(code) for code in text.split(",")] if text else []
    except ValueError as error:
        raise ArgumentTypeError(_("codes are whole numbers with commas between them, such as -10007,-10010")) from error


def _number(text: str) -> Decimal:
    try:
        return Decimal(plain_digits(text, places=MONEY_PLACES, marks=reader_marks()))
    except ReadTwoWays as error:
        figures = {"text": text, "whole": error.whole}
        raise ArgumentTypeError(_("%(text)s can be read in two ways: write %(whole)s") % figures) from error
    except UnclearNumber as error:
        raise ArgumentTypeError(_("%(text)s is not a number") % {"text": text}) from error


def _seconds(text: str) -> timedelta:
    try:
        return timedelta(seconds=int(text))
    except (ValueError, OverflowError) as error:
        raise ArgumentTypeError(_("%(text)s is not a number of seconds") % {"text": text}) from error
