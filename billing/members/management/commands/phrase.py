from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.management.base import JsonCommand, switch_named
from billing.members import services as members
from billing.members.management.accounts import account_of


class Command(JsonCommand):
    about = gettext_lazy(
        "Print a code phrase by which the holder of an account claims it, once. The one before it is dead."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("switch")
        parser.add_argument("account", help=_("the VOS3000 account id"))

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        account = account_of(switch_named(options["switch"]), options["account"], now)
        phrase = members.place_phrase(account=account, now=now)
        expires = (now + members.LIFETIME).isoformat()
        self.report({"account": account.public_id, "phrase": phrase, "expires": expires}, phrase)
