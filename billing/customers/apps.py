from django.utils.translation import gettext_lazy

from accounts.actions import Action
from billing.subject import Place, Subject


class CustomersConfig(Subject):
    """The pages on which an agent sees and changes the accounts below it."""

    name = "billing.customers"
    verbose_name = gettext_lazy("Customers")
    place = Place(title=gettext_lazy("Customers"), url="customers", order=40, action=Action.RESELL)
    staff = {
        "customerchange": ("v", "v", "v"),
    }
