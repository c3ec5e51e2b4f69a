from billing.subject import Subject


class SyncConfig(Subject):
    """The rounds in which switches are asked for what is new, and the command that catches up."""

    name = "billing.sync"
