from django.utils.translation import gettext_lazy

from billing.subject import Place, Subject


class CallHistoryConfig(Subject):
    """The pages that show calls."""

    name = "billing.call_history"
    place = Place(title=gettext_lazy("Calls"), url="calls", order=20)
