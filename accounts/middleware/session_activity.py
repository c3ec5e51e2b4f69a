import time
from typing import cast

from allauth.usersessions.middleware import UserSessionsMiddleware
from django.http import HttpRequest, HttpResponse

NOTED = "activity_noted"


class SessionActivityMiddleware(UserSessionsMiddleware):  # type: ignore[misc]  # allauth ships no types
    """Notes once a minute, and when the address changes, that a session is used: a note costs five statements.

    A HEAD shows nothing to the person and is not noted.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method == "HEAD" or not request.user.is_authenticated:
            return cast(HttpResponse, self.get_response(request))
        minute_and_address = [int(time.time() // 60), request.META.get("REMOTE_ADDR", "")]
        if request.session.get(NOTED) == minute_and_address:
            return cast(HttpResponse, self.get_response(request))
        request.session[NOTED] = minute_and_address
        return cast(HttpResponse, super().__call__(request))
