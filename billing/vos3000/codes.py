"""What every code table of the manual is made of. The tables stand beside the operations whose fields they explain."""

from __future__ import annotations

from enum import IntEnum
from typing import Self

LARGEST_INT = 2**31 - 1


class Code(IntEnum):
    """A code table. A code that no table knows is kept as it came: `LockType(7).value == 7`."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int) or abs(value) > LARGEST_INT:
            return None
        unknown = int.__new__(cls, value)
        unknown._name_ = f"UNKNOWN_{value}"
        unknown._value_ = value
        return unknown

    @property
    def known(self) -> bool:
        return self.name in type(self).__members__
