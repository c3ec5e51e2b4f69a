from django.utils.translation import gettext_lazy

from billing.subject import Subject


class JobsConfig(Subject):
    """Periodic work: its schedule, and a row for each slot that was done."""

    name = "billing.jobs"
    verbose_name = gettext_lazy("Jobs")
    staff = {
        "jobrun": ("v", "v", "v"),
    }
    waiting = "billing.jobs.admin.waiting"
    metrics = "billing.jobs.queries.metrics"
