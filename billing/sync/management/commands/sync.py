from __future__ import annotations

import sys
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from tqdm import tqdm

from accounts.management.base import Failed, switch_named
from billing.switches.management.switch_command import SwitchCommand
from billing.switches.services.budget import Work
from billing.switches.services.failures import FAILURES, failure
from billing.switches.services.priority import doing, waiting_for_budget
from billing.sync.services.catch_up import CatchUp, CaughtUp, Failure


class Command(SwitchCommand):
    about = gettext_lazy("Bring profiles, balances, calls, payments and charges up to date.")
    days_back = 31

    def handle(self, *args: Any, **options: Any) -> None:
        switch = switch_named(options["switch"])
        first, last = self.days(switch, options)
        catch_up = CatchUp(switch, first, last)
        with doing(Work.BACK_FILL), waiting_for_budget():
            self._catch_up(catch_up, options["accounts"])
        self._report(catch_up.done)

    def _catch_up(self, catch_up: CatchUp, numbers: list[str]) -> None:
        try:
            accounts = catch_up.choose(list(dict.fromkeys(numbers)))
        except FAILURES as error:
            raise Failed(str(failure(error).label)) from error
        quiet = self.as_json or not sys.stderr.isatty()
        total = catch_up.number_of_parts(accounts)
        for part in tqdm(catch_up.parts(accounts), total=total, unit="part", disable=quiet):
            part()

    def _report(self, done: CaughtUp) -> None:
        failed = [{"account": row.account, "day": row.day, "why": str(row.why.label)} for row in done.failed]
        data = {
            "accounts": done.accounts,
            "days": done.days,
            "calls": done.calls,
            "payments": done.payments,
            "charges": done.charges,
            "failed": failed,
        }
        lines = [
            _(
                "%(accounts)s accounts, %(days)s days with %(calls)s calls,"
                " %(payments)s new payments, %(charges)s new charges."
            )
            % data,
            *(_line(row) for row in done.failed),
        ]
        self.report(data, "\n".join(lines))
        if failed:
            raise Failed("")


def _line(failure: Failure) -> str:
    sentence = _("%(account)s on %(day)s: %(why)s") if failure.day else _("%(account)s: %(why)s")
    return sentence % {"account": failure.account, "day": failure.day, "why": failure.why.label}
