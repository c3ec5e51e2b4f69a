from billing.tasks import mail, money, sync

__all__ = ["mail", "money", "sync"]
