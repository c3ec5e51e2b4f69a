from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.management.base import BadUse, Failed, JsonCommand, switch_named
from accounts.models import Invitation, Role
from accounts.services import invitations, people
from accounts.services.invitations import AlreadyMember, TooManyInvitations
from billing.members.management.accounts import account_of


class Command(JsonCommand):
    about = gettext_lazy(
        "Print a link that lets a person in, once. Another call for the same address makes the link before it dead."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("email")
        parser.add_argument("switch")
        parser.add_argument("account", help=_("the VOS3000 account id"))
        parser.add_argument("--role", choices=Role.values, default=Role.OWNER.value, help=_("owner unless named"))
        parser.add_argument("--mail", action="store_true", help=_("send the link to the address as well"))

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        switch = switch_named(options["switch"])
        try:
            people.check_person(email=options["email"], password=None)
            account = account_of(switch, options["account"], now)
            issued = invitations.invite(
                account=account,
                email=options["email"],
                role=Role(options["role"]),
                source=Invitation.Source.OPERATOR,
                by=None,
                now=now,
            )
        except ValidationError as error:
            raise BadUse(" ".join(error.messages)) from error
        except AlreadyMember as error:
            raise Failed(_("%(email)s is a member of %(account)s already.") % options) from error
        except TooManyInvitations as error:
            raise Failed(_("Too many invitations of %(account)s are open.") % options) from error
        if options["mail"] and not invitations.send(issued):
            sys.stderr.write(_("The mail could not be sent; the link works all the same.") + "\n")
        invitation = issued.invitation
        self.report(
            {
                "email": invitation.email,
                "account": account.public_id,
                "role": invitation.role,
                "link": issued.link,
                "expires": invitation.expires_at.isoformat(),
            },
            issued.link,
        )
