from billing.calls.admin import backfills, calls, changes, counting, days

__all__ = ["backfills", "calls", "changes", "counting", "days"]
