from billing.balances.admin import payments, reconciliation

__all__ = ["payments", "reconciliation"]
