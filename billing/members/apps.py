from billing.subject import Subject


class MembersConfig(Subject):
    """The pages on which owners decide who sees an account, and on which an account is claimed."""

    name = "billing.members"
