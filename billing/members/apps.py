from billing.subject import Subject


class MembersConfig(Subject):
    """The people of an account."""

    name = "billing.members"
