from __future__ import annotations

import sys
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import services
from accounts.models import Account, Role, Switch
from billing.management.base import BadUse, Failed, JsonCommand, switch_named
from billing.services import profiles
from billing.services.failures import FAILURES, sentence


class Command(JsonCommand):
    help = "Let somebody see an account. The user is made if absent; without a password they ask for one by mail."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("email")
        parser.add_argument("switch")
        parser.add_argument("account", help="the VOS3000 account id")
        parser.add_argument("--role", choices=Role.values, help="owner, unless they have another one already")
        parser.add_argument("--password-stdin", action="store_true", help="the first line of the input is the password")
        parser.add_argument("--staff", action="store_true", help="a support agent as well")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        switch = switch_named(options["switch"])
        password = sys.stdin.readline().rstrip("\r\n") if options["password_stdin"] else None
        try:
            services.check_person(email=options["email"], password=password)
            account = _account(switch, options["account"], now)
            membership = services.grant(
                email=options["email"],
                account=account,
                role=Role(options["role"]) if options["role"] else None,
                now=now,
                password=password,
                staff=options["staff"],
            )
        except ValidationError as error:
            raise BadUse(" ".join(error.messages)) from error
        self.report(
            {"user": membership.user.email, "account": account.public_id, "role": membership.role},
            f"{membership.user.email} is {membership.role} of {account.number}: /a/{account.public_id}/",
        )


def _account(switch: Switch, number: str, now: datetime) -> Account:
    try:
        account = profiles.ensure(switch=switch, number=number, now=now)
        if account.is_agent:
            profiles.refresh_children(agent=account, now=now)
    except profiles.UnknownAccount as error:
        raise Failed(str(error)) from error
    except FAILURES as error:
        known = Account.objects.filter(switch=switch, number=number).first()
        if known is None:
            raise Failed(f"{sentence(error)} {number} is not known here yet, so nothing was granted.") from error
        return known
    return account
