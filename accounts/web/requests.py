from django.http import HttpRequest

from accounts.models import User


class LoggedInRequest(HttpRequest):
    """What a view gets that wants a login: LoginRequiredMiddleware lets no other request through."""

    user: User
