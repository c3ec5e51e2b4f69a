from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.management.base import BadUse, switch_named
from accounts.models import Account
from billing.balances.models import Case
from billing.balances.services.reconciliation import reconcile
from billing.switches.management.switch_command import SwitchCommand


class Command(SwitchCommand):
    about = gettext_lazy("Explain every balance by payments, calls and charges, and show what nothing explains.")
    days_back = 30

    def handle(self, *args: Any, **options: Any) -> None:
        switch = switch_named(options["switch"])
        first, last = self.days(switch, options)
        accounts = Account.objects.filter(switch=switch).select_related("switch").order_by("number")
        if options["accounts"]:
            accounts = accounts.filter(number__in=options["accounts"])
            unknown = set(options["accounts"]) - {account.number for account in accounts}
            if unknown:
                names = {"accounts": ", ".join(sorted(unknown))}
                raise BadUse(_("The portal does not know %(accounts)s; sync first.") % names)
        days, cases = 0, []
        for account in accounts:
            found = reconcile(account=account, first=first, last=last, now=datetime.now(UTC))
            days += found.days
            cases += found.cases
        data = {"accounts": len(accounts), "days": days, "cases": [_facts(case) for case in cases]}
        lines = [
            _("%(accounts)s accounts, %(days)s days, %(cases)s cases.")
            % {"accounts": len(accounts), "days": days, "cases": len(cases)},
            *(_line(case) for case in cases),
        ]
        self.report(data, "\n".join(lines))


def _line(case: Case) -> str:
    return _("%(account)s: %(difference)s between %(begin)s and %(end)s UTC, %(cause)s") % {
        "account": case.account.number,
        "difference": case.difference,
        "begin": f"{case.begins_at:%Y-%m-%d %H:%M:%S}",
        "end": f"{case.ends_at:%Y-%m-%d %H:%M:%S}",
        "cause": case.get_cause_display(),
    }


def _facts(case: Case) -> dict[str, str]:
    return {
        "account": case.account.number,
        "from": case.begins_at.isoformat(),
        "until": case.ends_at.isoformat(),
        "difference": f"{case.difference:f}",
        "cause": case.cause,
    }
