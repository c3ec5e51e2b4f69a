from billing.models import routing
from billing.models.backfills import Backfill
from billing.models.batches import Batch, BatchRow, BatchState, Origin
from billing.models.calls import (
    MILLIONTH,
    NOT_STATED,
    Call,
    CallChange,
    CallDay,
    CallElsewhere,
    CallLevel,
    ChangeOfRecord,
    DayState,
    EndDirection,
    UnreadableRecord,
)
from billing.models.customer_changes import CHANGE_ENDS, WITH_OVERDRAFT, ChangeKind, ChangeState, CustomerChange
from billing.models.exports import UNFINISHED, Export, ExportState, FileKind
from billing.models.jobs import JobRun
from billing.models.lookups import LookUp
from billing.models.on_demand import Wanted
from billing.models.online import ONLINE_EDGES, RECEIVED, OnlinePayment, OnlineProvider, OnlineState
from billing.models.packages import Package, PackageList
from billing.models.payments import Charge, Payment, Stream, SyncMark
from billing.models.rates import Rate, RateGroup
from billing.models.receipts import ReceiptMail
from billing.models.reconciliation import BalanceReading, Case, Cause, Reconciliation
from billing.models.reissues import Answer, Reissue
from billing.models.topups import DOUBTFUL, EDGES, UNSETTLED, Kind, Source, TopUp, TopUpState, Transition
from billing.models.totals import CallTotal, DroppedMonth

__all__ = [
    "CHANGE_ENDS",
    "DOUBTFUL",
    "EDGES",
    "MILLIONTH",
    "NOT_STATED",
    "ONLINE_EDGES",
    "RECEIVED",
    "UNFINISHED",
    "UNSETTLED",
    "WITH_OVERDRAFT",
    "Answer",
    "Backfill",
    "BalanceReading",
    "Batch",
    "BatchRow",
    "BatchState",
    "Call",
    "CallChange",
    "CallDay",
    "CallElsewhere",
    "CallLevel",
    "CallTotal",
    "Case",
    "Cause",
    "ChangeKind",
    "ChangeOfRecord",
    "ChangeState",
    "Charge",
    "CustomerChange",
    "DayState",
    "DroppedMonth",
    "EndDirection",
    "Export",
    "ExportState",
    "FileKind",
    "JobRun",
    "Kind",
    "LookUp",
    "OnlinePayment",
    "OnlineProvider",
    "OnlineState",
    "Origin",
    "Package",
    "PackageList",
    "Payment",
    "Rate",
    "RateGroup",
    "ReceiptMail",
    "Reconciliation",
    "Reissue",
    "Source",
    "Stream",
    "SyncMark",
    "TopUp",
    "TopUpState",
    "Transition",
    "UnreadableRecord",
    "Wanted",
    "routing",
]
