from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.management.base import BadUse, Failed, JsonCommand, switch_named
from accounts.models import Account, Switch, User
from billing.balances.services import profiles
from billing.lib.amounts import BadAmount, parse_amount
from billing.switches.services.failures import FAILURES, failure
from billing.topups.models import Source, TopUp, TopUpState
from billing.topups.queries.progress import outcome
from billing.topups.services import duplicates, requests, sending, transfers
from billing.topups.services.dead_senders import doubt_dead_senders
from billing.topups.services.errors import TopUpRefused, Unsettled
from billing.topups.services.transfers import BalanceUnknown, NotCovered

# A sender that lives waits a little less for the switch.
LONGEST_WAIT = timedelta(seconds=35)


class Command(JsonCommand):
    about = gettext_lazy("Send one top-up and report its state. The same key never sends twice.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("switch")
        parser.add_argument("account", help=_("VOS3000 account id"))
        parser.add_argument("amount")
        parser.add_argument("--by", required=True, metavar="EMAIL")
        parser.add_argument("--key", required=True)
        parser.add_argument("--from", dest="agent", metavar="AGENT_ACCOUNT", help=_("debit this agent"))
        parser.add_argument("--note", default="")
        parser.add_argument(
            "--again",
            action="store_true",
            help=_("although the same was asked for just now, or an earlier top-up of the account may yet arrive"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        switch = switch_named(options["switch"])
        by = User.objects.filter(email__iexact=options["by"]).first()
        if by is None:
            raise BadUse(_("There is no user called %(by)s.") % options)
        if not by.is_active:
            raise BadUse(_("%(email)s may no longer log in.") % {"email": by.email})
        topup = self._request(switch, by, options)
        doubt_dead_senders(now=timezone.now(), switch=switch)
        sending.carry_out(topup_id=topup.pk, now=timezone.now())
        self._report(_await_the_end_of_sending(topup.pk))

    def _request(self, switch: Switch, by: User, options: dict[str, Any]) -> TopUp:
        try:
            amount = parse_amount(options["amount"], places=switch.places, currency=switch.currency)
            account = _account(switch, options["account"])
            agent = _account(switch, options["agent"]) if options["agent"] else None
            if not options["again"]:
                _refuse_a_duplicate(account, amount, by, options["key"])
            return _write(account, agent, amount, by, options)
        except Unsettled as error:
            raise Failed(_unsettled_words(error)) from error
        except (NotCovered, BalanceUnknown) as error:
            raise Failed(str(error.because)) from error
        except (BadAmount, TopUpRefused) as error:
            raise BadUse(str(error.because)) from error

    def _report(self, topup: TopUp) -> None:
        state = outcome(topup)
        self.report(
            {
                "reference": topup.reference,
                "state": state.value,
                "account": topup.account.number,
                "amount": _plain(topup.amount),
                "balance_after": None if topup.balance_after is None else _plain(topup.balance_after),
            },
            _("%(reference)s: %(amount)s to %(account)s, %(state)s")
            % {
                "reference": topup.reference,
                "amount": _plain(topup.amount),
                "account": topup.account.number,
                "state": state.label,
            },
        )
        if state != TopUpState.CONFIRMED:
            raise Failed(str((topup.debit.why if topup.debit else None) or topup.why or ""))


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def _account(switch: Switch, number: str) -> Account:
    try:
        return profiles.ensure(switch=switch, number=number, now=timezone.now())
    except profiles.UnknownAccount as error:
        raise BadUse(str(error.because)) from error
    except FAILURES as error:
        sentence = _("The account %(number)s could not be looked up. %(failure)s")
        raise Failed(sentence % {"number": number, "failure": failure(error).label}) from error


def _refuse_a_duplicate(account: Account, amount: Decimal, by: User, key: str) -> None:
    duplicate = duplicates.recent_duplicate(account=account, amount=amount, by=by, key=key, now=timezone.now())
    if duplicate is not None:
        sentence = _(
            "%(account)s was topped up by %(amount)s just now: %(reference)s, by %(user)s."
            " If another one is meant, say so with --again."
        )
        known = {"reference": duplicate.reference, "user": duplicate.requested_by}
        raise Failed(sentence % {"account": account.number, "amount": _plain(amount), **known})


def _unsettled_words(error: Unsettled) -> str:
    sentence = _("%(reference)s: %(unsettled)s If another one is meant besides it, say so with --again.")
    return sentence % {"reference": error.topup.reference, "unsettled": error.because}


def _write(account: Account, agent: Account | None, amount: Decimal, by: User, options: dict[str, Any]) -> TopUp:
    now, key, note, again = timezone.now(), options["key"], options["note"], options["again"]
    if agent is not None:
        return transfers.request(
            account=account,
            payer=agent,
            amount=amount,
            by=by,
            key=key,
            note=note,
            now=now,
            send_by_worker=False,
            besides_unsettled=again,
        )
    return requests.request(
        account=account,
        amount=amount,
        by=by,
        key=key,
        source=Source.OPERATOR,
        note=note,
        now=now,
        send_by_worker=False,
        besides_unsettled=again,
    )


def _await_the_end_of_sending(topup_id: int) -> TopUp:
    """Wait while a worker sends it that may have taken it over: its answer is this command's answer too."""
    while True:
        topup = TopUp.objects.select_related("account", "debit").get(pk=topup_id)
        legs = [leg for leg in (topup.debit, topup) if leg is not None and leg.state == TopUpState.SENDING]
        if not any(leg.sent_at and timezone.now() - leg.sent_at < LONGEST_WAIT for leg in legs):
            return topup
        time.sleep(0.1)
