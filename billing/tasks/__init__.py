from billing.tasks import money, sync

__all__ = ["money", "sync"]
