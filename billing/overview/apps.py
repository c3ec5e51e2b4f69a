from django.utils.translation import gettext_lazy

from billing.subject import Place, Subject


class OverviewConfig(Subject):
    """The first pages: the list of accounts, and one account at a glance."""

    name = "billing.overview"
    place = Place(title=gettext_lazy("Overview"), url="overview", order=10)
    pages_under = {"": "overview"}
