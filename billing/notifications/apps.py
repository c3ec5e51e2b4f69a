from billing.subject import Subject


class NotificationsConfig(Subject):
    """Notifications that a switch sends by itself, such as that money of an account changed."""

    name = "billing.notifications"
