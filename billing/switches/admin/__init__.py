from billing.switches.admin import observations, switches, unusable_answers

__all__ = ["observations", "switches", "unusable_answers"]
