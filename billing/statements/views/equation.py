"""The equation of a balance, line by line, for the pages and the statement that tell it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from accounts.access import Access
from accounts.lib.money import money
from billing.statements.queries.balance import Sums
from billing.templatetags.figures import signed_money, taken_money


@dataclass(frozen=True)
class SumLine:
    label: str
    amount: str
    is_balance: bool = False
    is_odd: bool = False


def sum_lines(sums: Sums, access: Access) -> list[SumLine]:
    account, currency = access.account, access.account.switch.currency
    lines = [
        SumLine("Balance at the start", money(sums.opening, currency), is_balance=True),
        *_payments(sums, currency),
        SumLine("Calls", taken_money(sums.calls, currency)),
    ]
    if account.is_agent or sums.agent_fees:
        whose = "Your" if access.via == account else "Its"
        lines.append(SumLine(f"{whose} customers’ calls", taken_money(sums.agent_fees, currency)))
    lines.append(SumLine("Other charges", taken_money(sums.charges, currency)))
    lines += _rest(sums, currency)
    return [*lines, SumLine("Balance at the end", money(sums.closing, currency), is_balance=True)]


def _payments(sums: Sums, currency: str) -> list[SumLine]:
    if sums.top_ups is None or sums.deductions is None:
        return [SumLine("Payments", signed_money(sums.payments, currency))]
    lines = [SumLine("Top-ups", signed_money(sums.top_ups, currency))]
    return [*lines, SumLine("Deductions", signed_money(sums.deductions, currency))] if sums.deductions else lines


def _rest(sums: Sums, currency: str) -> list[SumLine]:
    """What nothing explains, and what there usually is none of."""
    parts: list[tuple[str, Decimal, bool]] = [
        ("Not explained", sums.unexplained, True),
        ("Rounding of fees", sums.rounding, False),
        ("Over days not yet explained", sums.missing, False),
    ]
    return [SumLine(label, signed_money(amount, currency), is_odd=odd) for label, amount, odd in parts if amount]
