from billing.switches.admin import switches, unusable_answers

__all__ = ["switches", "unusable_answers"]
