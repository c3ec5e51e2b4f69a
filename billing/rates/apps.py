from billing.subject import Subject


class RatesConfig(Subject):
    """The rates of each rate group, and the names of destinations."""

    name = "billing.rates"
    staff = {
        "rate": ("", "", ""),
        "rategroup": ("", "", ""),
    }
    undated = ("rategroup",)
