from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignUp(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """People come by a grant of the operator, never by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
