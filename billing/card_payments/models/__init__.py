from billing.card_payments.models.payments import (
    CARD_PAYMENT_EDGES,
    MAY_SETTLE,
    RECEIVED,
    CardPayment,
    CardPaymentState,
    PaymentProvider,
)
from billing.card_payments.models.reasons import (
    CardPaymentReason,
    DisputeLockReason,
    ProviderReason,
    SettlingReason,
)
from billing.card_payments.models.reversals import (
    CardReversal,
    DisputeLock,
    DisputeLockState,
    ReversalKind,
    ReversalState,
)

__all__ = [
    "CARD_PAYMENT_EDGES",
    "MAY_SETTLE",
    "RECEIVED",
    "CardPayment",
    "CardPaymentReason",
    "CardPaymentState",
    "CardReversal",
    "DisputeLock",
    "DisputeLockReason",
    "DisputeLockState",
    "PaymentProvider",
    "ProviderReason",
    "ReversalKind",
    "ReversalState",
    "SettlingReason",
]
