from billing.subject import Subject


class PackagesConfig(Subject):
    """The minute packages that a switch sells."""

    name = "billing.packages"
    staff = {
        "package": ("", "", ""),
        "packagelist": ("", "", ""),
    }
    undated = ("packagelist",)
