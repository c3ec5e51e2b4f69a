"""How many digits a column of money holds. Parsers, forms, commands and columns all go by these."""

from __future__ import annotations

from decimal import Decimal

MONEY_PLACES = 6
# An amount that is paid, asked for or set as a limit.
AMOUNT_DIGITS = 18
# A balance or a sum of a day.
SUM_DIGITS = 20
# Every amount is smaller than this.
LARGEST = Decimal(10) ** (AMOUNT_DIGITS - MONEY_PLACES)
