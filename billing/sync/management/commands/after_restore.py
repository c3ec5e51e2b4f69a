from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.management.base import BadUse, Failed, JsonCommand
from accounts.models import Switch
from billing.switches.services.priority import waiting_for_budget
from billing.sync.services.catch_up import Failure
from billing.sync.services.restored_databases import Restored, bring_up_to_date
from billing.topups.models import StrayPayment, TopUp, TopUpState


class Command(JsonCommand):
    about = gettext_lazy(
        "After a backup was restored: put in doubt what waits to be sent, read every switch again, list what is there."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        since = _("from when on, as 2026-11-30T18:00+01:00, or in UTC; default: a day before the newest row")
        parser.add_argument("--since", metavar="T", help=since)

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        since = _moment(options["since"], now)
        with waiting_for_budget():
            restored = bring_up_to_date(now=now, since=since, clock=timezone.now)
        strays = list(StrayPayment.objects.unexplained().select_related("payment__account__switch"))
        self._report(restored, strays)
        if restored.unread or restored.not_looked_for:
            raise Failed(_("Not everything could be read. Run it again when the switches answer."))

    def _report(self, restored: Restored, strays: list[StrayPayment]) -> None:
        waiting = [{**_topup(topup), "state": topup.state} for topup in restored.topups]
        listed = [_stray(stray) for stray in strays]
        outcomes = Counter(topup.state for topup in restored.topups)
        data = {
            "since": restored.since,
            "payments": restored.payments,
            "calls": restored.calls,
            "outcomes": outcomes,
            "topups": waiting,
            "strays": listed,
            "unread": [_unread(switch, row) for switch, row in restored.unread],
        }
        lines = [
            _("Read again since %(since)s: %(payments)s new payments, %(calls)s calls.") % data,
            *(
                _("%(count)s that waited: %(state)s") % {"count": count, "state": TopUpState(state).label}
                for state, count in outcomes.items()
            ),
            *(_line_of_topup(topup) for topup in restored.topups),
            *(
                _("%(reference)s: %(amount)s to %(account)s on %(switch)s at %(paid_at)s, which no top-up tells of")
                % stray
                for stray in listed
            ),
            *(_line_of_unread(switch, row) for switch, row in restored.unread),
        ]
        self.report(data, "\n".join(lines))


def _topup(topup: TopUp) -> dict[str, object]:
    return {
        "reference": topup.reference,
        "switch": topup.account.switch.name,
        "account": topup.account.number,
        "amount": f"{topup.amount.normalize():f}",
    }


def _line_of_topup(topup: TopUp) -> str:
    sentence = _("%(reference)s: %(amount)s to %(account)s on %(switch)s, %(state)s")
    return sentence % {**_topup(topup), "state": TopUpState(topup.state).label}


def _stray(stray: StrayPayment) -> dict[str, object]:
    payment = stray.payment
    return {
        "reference": stray.reference,
        "switch": payment.account.switch.name,
        "account": payment.account.number,
        "amount": f"{payment.amount.normalize():f}",
        "paid_at": payment.paid_at.isoformat(timespec="seconds"),
    }


def _unread(switch: Switch, row: Failure) -> dict[str, object]:
    return {"switch": switch.name, "account": row.account, "day": row.day, "why": str(row.why.label)}


def _line_of_unread(switch: Switch, row: Failure) -> str:
    if row.day:
        sentence = _("%(account)s of %(switch)s on %(day)s: %(why)s")
    elif row.account:
        sentence = _("%(account)s of %(switch)s: %(why)s")
    else:
        sentence = _("%(switch)s: %(why)s")
    return sentence % _unread(switch, row)


def _moment(text: str | None, now: datetime) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        sentence = _("--since %(text)s is not a moment written like 2026-11-30T18:00+01:00.")
        raise BadUse(sentence % {"text": text}) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment > now:
        raise BadUse(_("--since %(text)s lies in the future.") % {"text": text})
    return moment
