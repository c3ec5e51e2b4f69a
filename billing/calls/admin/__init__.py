from billing.calls.admin import backfills, calls, changes, days

__all__ = ["backfills", "calls", "changes", "days"]
