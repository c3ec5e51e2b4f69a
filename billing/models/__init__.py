from billing.models.batches import Batch, BatchRow, BatchState, Origin
from billing.models.calls import Call, CallDay, DayState
from billing.models.jobs import JobRun
from billing.models.lookups import LookUp
from billing.models.payments import Charge, Payment, Stream, SyncMark
from billing.models.receipts import ReceiptMail
from billing.models.reconciliation import BalanceReading, Case, Cause, Reconciliation
from billing.models.reissues import Answer, Reissue
from billing.models.topups import DOUBTFUL, EDGES, UNSETTLED, Kind, Source, TopUp, TopUpState, Transition

__all__ = [
    "DOUBTFUL",
    "EDGES",
    "UNSETTLED",
    "Answer",
    "BalanceReading",
    "Batch",
    "BatchRow",
    "BatchState",
    "Call",
    "CallDay",
    "Case",
    "Cause",
    "Charge",
    "DayState",
    "JobRun",
    "Kind",
    "LookUp",
    "Origin",
    "Payment",
    "ReceiptMail",
    "Reconciliation",
    "Reissue",
    "Source",
    "Stream",
    "SyncMark",
    "TopUp",
    "TopUpState",
    "Transition",
]
