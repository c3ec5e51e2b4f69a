from billing.subject import Subject


class SyncConfig(Subject):
    """The rounds in which switches are asked."""

    name = "billing.sync"
