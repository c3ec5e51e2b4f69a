from billing.tasks import exports, mail, money, sync

__all__ = ["exports", "mail", "money", "sync"]
