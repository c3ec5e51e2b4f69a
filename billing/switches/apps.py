from django.utils.translation import gettext_lazy

from billing.subject import Subject


class SwitchesConfig(Subject):
    """How a switch is asked: clients, budget, priority, failures, what is read on demand, and its clock and zone."""

    name = "billing.switches"
    verbose_name = gettext_lazy("Switches")
    staff = {
        "observation": ("v", "v", "v"),
        "unusableanswer": ("v", "v", "v"),
    }
    undated = ("observation",)
    waiting = "billing.switches.admin.waiting.waiting"
    metrics = "billing.switches.queries.metrics"
