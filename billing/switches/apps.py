from django.utils.translation import gettext_lazy

from billing.subject import Subject


class SwitchesConfig(Subject):
    """How a switch is asked: clients, budget, priority, failures, and what is read on demand."""

    name = "billing.switches"
    verbose_name = gettext_lazy("Switches")
    staff = {
        "unusableanswer": ("v", "v", "v"),
    }
    waiting = "billing.switches.admin.unusable_answers.waiting"
    metrics = "billing.switches.queries.metrics"
