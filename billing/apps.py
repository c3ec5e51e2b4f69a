from django.apps import AppConfig


class BillingConfig(AppConfig):
    """The house of the subjects. It has no rows of its own, and the tags that all templates share."""

    name = "billing"
