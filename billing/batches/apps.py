from django.utils.translation import gettext_lazy

from billing.subject import Subject


class BatchesConfig(Subject):
    """Many top-ups from one file."""

    name = "billing.batches"
    verbose_name = gettext_lazy("Files of top-ups")
    staff = {
        "batch": ("v", "v", "v"),
        "batchrow": ("v", "v", "v"),
    }
