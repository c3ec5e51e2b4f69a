"""The equation of a balance, line by line, for the pages and the statement."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.access import Access
from accounts.lib.money import money
from billing.statements.queries.balance import Sums
from billing.templatetags.figures import signed_money, taken_money


@dataclass(frozen=True)
class SumLine:
    """A line of the equation. An odd one is what nothing explains."""

    label: str
    amount: str
    is_balance: bool = False
    is_odd: bool = False


def sum_lines(sums: Sums, access: Access) -> list[SumLine]:
    """Word the equation for a reader; an agent's own people are told that its customers are theirs."""
    account, currency = access.account, access.account.switch.currency
    lines = [
        SumLine(_("Balance at the start"), money(sums.opening, currency), is_balance=True),
        *_payments(sums, currency),
        SumLine(_("Calls"), taken_money(sums.calls, currency)),
    ]
    if account.is_agent or sums.agent_fees:
        label = _("Your customers’ calls") if access.via == account else _("Its customers’ calls")
        lines.append(SumLine(label, taken_money(sums.agent_fees, currency)))
    lines.append(SumLine(_("Other charges"), taken_money(sums.charges, currency)))
    lines += _rest(sums, currency)
    return [*lines, SumLine(_("Balance at the end"), money(sums.closing, currency), is_balance=True)]


def _payments(sums: Sums, currency: str) -> list[SumLine]:
    if sums.top_ups is None or sums.deductions is None:
        return [SumLine(_("Payments"), signed_money(sums.payments, currency))]
    lines = [SumLine(_("Top-ups"), signed_money(sums.top_ups, currency))]
    return [*lines, SumLine(_("Deductions"), signed_money(sums.deductions, currency))] if sums.deductions else lines


def _rest(sums: Sums, currency: str) -> list[SumLine]:
    """Lines that most balances have not: what nothing explains, rounding, and days that are missing."""
    parts: list[tuple[str, Decimal, bool]] = [
        (_("Not explained"), sums.unexplained, True),
        (_("Rounding of fees"), sums.rounding, False),
        (_("Over days not yet explained"), sums.missing, False),
    ]
    return [SumLine(label, signed_money(amount, currency), is_odd=odd) for label, amount, odd in parts if amount]
