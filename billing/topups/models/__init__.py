from billing.topups.models.lookups import LookUp
from billing.topups.models.receipts import ReceiptMail
from billing.topups.models.reissues import Answer, Reissue
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
    "Kind",
    "LookUp",
    "ReceiptMail",
    "Reissue",
    "Source",
    "TopUp",
    "TopUpState",
    "Transition",
    "references",
]
