"""Finds the account that a command names."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from accounts.management.base import Failed
from accounts.models import Account, Switch
from billing.balances.services import profiles
from billing.switches.services.failures import FAILURES, failure


def account_of(switch: Switch, number: str, now: datetime) -> Account:
    """Read an account and those below it from the switch; where it does not answer, return what is known here.

    Raises Failed.
    """
    try:
        account = profiles.ensure(switch=switch, number=number, now=now)
        if account.is_agent:
            profiles.refresh_children(agent=account, now=now)
    except profiles.UnknownAccount as error:
        raise Failed(str(error.because)) from error
    except FAILURES as error:
        known = Account.objects.filter(switch=switch, number=number).first()
        if known is None:
            sentence = _("%(failure)s %(number)s is not known here yet, so nothing was granted.")
            raise Failed(sentence % {"failure": failure(error).label, "number": number}) from error
        return known
    return account
