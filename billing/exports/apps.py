from django.utils.translation import gettext_lazy

from billing.subject import Subject


class ExportsConfig(Subject):
    """Files of calls."""

    name = "billing.exports"
    verbose_name = gettext_lazy("Files of calls")
    pages_under = {"exports": "calls"}
    staff = {
        "export": ("v", "v", "v"),
    }
