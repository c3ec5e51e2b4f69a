from django.utils.translation import gettext_lazy

from billing.subject import Place, Subject


class StatementsConfig(Subject):
    """The pages that explain a balance, and monthly statements."""

    name = "billing.statements"
    place = Place(title=gettext_lazy("Payments"), url="payments", order=30)
    pages_under = {"balance": "overview", "statements": "payments"}
