"""When an account, a card or a package stops being valid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Self

from .field_types import LAST_MILLIS, instant


class ExpiryKind(Enum):
    NEVER = "never"
    SYSTEM_DEFAULT = "system default"
    AT = "at"


@dataclass(frozen=True, slots=True)
class Expiry:
    """An expiry as the switch states it; `instant` is set for `AT` alone."""

    kind: ExpiryKind
    instant: datetime | None = None

    @classmethod
    def of(cls, millis: int | None) -> Self:
        if not millis:
            return cls(ExpiryKind.SYSTEM_DEFAULT)
        if not 0 < millis <= LAST_MILLIS:
            return cls(ExpiryKind.NEVER)
        return cls(ExpiryKind.AT, instant(millis))
