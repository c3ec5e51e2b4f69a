"""The code tables of the manual. A code that no table knows is kept as it came: `LockType(7).value == 7`."""

from __future__ import annotations

from enum import IntEnum
from typing import Self

LARGEST_INT = 2**31 - 1


class Code(IntEnum):
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


class CustomerType(Code):
    ORDINARY = 0
    PHONE_CARD = 1
    SETTLEMENT = 2


class Category(Code):
    CUSTOMER = 0
    AGENT = 1


class LockType(Code):
    OPEN = 0
    LOCKED = 1


class OwnerType(Code):
    """Whom `Pay` credits."""

    ACCOUNT = 2
    PHONE = 6
    PHONE_CARD = 11
    BOUND_NUMBER = 25
    MAPPING_GATEWAY = 44


class PayKind(Code):
    """`type` of a payment record."""

    TOP_UP = 0
    DEDUCTION = 1
    OPENING = 2
    ZEROING = 3


class PayMethod(Code):
    """`payType` of a payment record."""

    CASH = 0
    VOUCHER_CARD = 2
    OTHER = 5


class ChargeKind(Code):
    """`type` of a consumption record."""

    PACKAGE_RENT = 0
    PHONE_RENT = 1
    PHONE_MINIMUM = 2
    PACKAGE_MINIMUM = 3


class CallLevel(Code):
    ON_NET = 1
    LOCAL = 2
    DOMESTIC = 4
    INTERNATIONAL = 5


class EndDirection(Code):
    """Who ended the call."""

    CALLER = 0
    CALLEE = 1
    SERVER = 2


class Period(Code):
    """One row of a report covers this long."""

    DAY = 1
    MONTH = -2
