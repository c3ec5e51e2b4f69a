"""Numbers as people write them and as switches have them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Q

# What people write between digits.
BETWEEN = re.compile(r"[\s().\-]")
DIALLED = re.compile(r"\+?[0-9*#]+")
# From the code of a country on.
INTERNATIONAL = re.compile(r"(?:\+|00)?([1-9][0-9*#]*)")


class Match(StrEnum):
    BEGINS = "begins"
    IS = "is"
    ENDS = "ends"


@dataclass(frozen=True)
class NumberFilter:
    """A number as a person wrote it, or copied it from a list: not all numbers consist of digits alone."""

    written: str
    match: Match = Match.BEGINS

    def of(self, field: str) -> Q:
        forms = self.forms()
        if self.match == Match.IS:
            return Q(**{f"{field}__in": forms})
        lookup = "startswith" if self.match == Match.BEGINS else "endswith"
        return Q(*((f"{field}__{lookup}", form) for form in forms), _connector=Q.OR)

    def forms(self) -> list[str]:
        """What a switch may hold for it: one has +44, another 0044, a third 44."""
        number = BETWEEN.sub("", self.written)
        if not DIALLED.fullmatch(number):
            return [self.written]
        if self.match == Match.ENDS:
            # The zeros are digits here, as any others.
            return _distinct(self.written, number.removeprefix("+"))
        if international := INTERNATIONAL.fullmatch(number):
            digits = international[1]
            return _distinct(self.written, digits, f"+{digits}", f"00{digits}")
        return _distinct(self.written, number)


def _distinct(*forms: str) -> list[str]:
    return list(dict.fromkeys(forms))
