from billing.balances.models.payments import Charge, Payment, Stream, SyncMark
from billing.balances.models.reconciliation import BalanceReading, Case, Cause, Reconciliation

__all__ = ["BalanceReading", "Case", "Cause", "Charge", "Payment", "Reconciliation", "Stream", "SyncMark"]
