from billing.subject import Subject


class SwitchesConfig(Subject):
    """How a switch is asked: clients, budget, priority, failures, and what is read on demand."""

    name = "billing.switches"
