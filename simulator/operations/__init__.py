"""The operations of the contract; importing this package registers all of them."""

from simulator.operations import (
    calls,
    cards,
    customers,
    live_calls,
    packages,
    payments,
    phone_book,
    phones,
    rates,
    reports,
    resources,
    voice,
)
from simulator.operations.registry import HANDLERS, Result

__all__ = [
    "HANDLERS",
    "Result",
    "calls",
    "cards",
    "customers",
    "live_calls",
    "packages",
    "payments",
    "phone_book",
    "phones",
    "rates",
    "reports",
    "resources",
    "voice",
]
