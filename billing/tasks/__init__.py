from billing.tasks import (
    batches,
    calls,
    card_payments,
    customers,
    exports,
    notices,
    packages,
    rates,
    sync,
    topups,
)

__all__ = [
    "batches",
    "calls",
    "card_payments",
    "customers",
    "exports",
    "notices",
    "packages",
    "rates",
    "sync",
    "topups",
]
