from billing.subject import Subject


class NotificationsConfig(Subject):
    """What a switch says by itself."""

    name = "billing.notifications"
