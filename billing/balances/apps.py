from django.utils.translation import gettext_lazy

from billing.subject import Subject


class BalancesConfig(Subject):
    """What an account has: profile, balance, payments, charges, and the proof that they add up."""

    name = "billing.balances"
    verbose_name = gettext_lazy("Balances")
    staff = {
        "balancereading": ("", "", ""),
        "case": ("vc", "vc", "vc"),
        "charge": ("v", "v", "v"),
        "payment": ("v", "v", "v"),
        "reconciliation": ("v", "v", "v"),
        "syncmark": ("v", "v", "v"),
    }
    permissions = {"close_case": ("billing",)}
    calendar = "billing.balances.services.calendar"
    waiting = "billing.balances.admin.waiting.waiting"
