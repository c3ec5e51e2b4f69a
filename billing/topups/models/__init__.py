from billing.topups.models.lookups import LookUp
from billing.topups.models.reasons import (
    CardFinding,
    DecisionReason,
    ReissueReason,
    RequestReason,
    TopUpReason,
    TransferReason,
    VoucherReason,
)
from billing.topups.models.receipts import ReceiptMail
from billing.topups.models.reissues import Answer, Reissue
from billing.topups.models.strays import StrayPayment
from billing.topups.models.topups import (
    DOUBTFUL,
    EDGES,
    UNSETTLED,
    Kind,
    Source,
    TopUp,
    TopUpState,
    Transition,
    references,
)

__all__ = [
    "DOUBTFUL",
    "EDGES",
    "UNSETTLED",
    "Answer",
    "CardFinding",
    "DecisionReason",
    "Kind",
    "LookUp",
    "ReceiptMail",
    "Reissue",
    "ReissueReason",
    "RequestReason",
    "Source",
    "StrayPayment",
    "TopUp",
    "TopUpReason",
    "TopUpState",
    "TransferReason",
    "Transition",
    "VoucherReason",
    "references",
]
