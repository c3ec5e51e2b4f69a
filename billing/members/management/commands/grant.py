from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.management.base import BadUse, JsonCommand, switch_named
from accounts.models import Role
from accounts.services import memberships, people
from accounts.services.last_owner import LastOwner
from billing.members.management.accounts import account_of


class Command(JsonCommand):
    about = gettext_lazy(
        "Let a person see an account. The user is made if absent; without a password they ask for one by mail."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("email")
        parser.add_argument("switch")
        parser.add_argument("account", help=_("the VOS3000 account id"))
        parser.add_argument("--role", choices=Role.values, help=_("owner, unless they have another one already"))
        parser.add_argument(
            "--password-stdin", action="store_true", help=_("the first line of the input is the password")
        )
        parser.add_argument("--staff", action="store_true", help=_("a support agent as well"))

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        switch = switch_named(options["switch"])
        password = sys.stdin.readline().rstrip("\r\n") if options["password_stdin"] else None
        try:
            people.check_person(email=options["email"], password=password)
            account = account_of(switch, options["account"], now)
            membership = memberships.grant(
                email=options["email"],
                account=account,
                role=Role(options["role"]) if options["role"] else None,
                now=now,
                password=password,
                staff=options["staff"],
            )
        except ValidationError as error:
            raise BadUse(" ".join(error.messages)) from error
        except LastOwner as error:
            sentence = _("%(account)s has no other owner: make another person its owner first.")
            raise CommandError(sentence % {"account": account.number}) from error
        self.report(
            {"user": membership.user.email, "account": account.public_id, "role": membership.role},
            _("%(user)s is %(role)s of %(account)s: %(address)s")
            % {
                "user": membership.user.email,
                "role": membership.role,
                "account": account.number,
                "address": f"/a/{account.public_id}/",
            },
        )
