from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import User
from accounts.queries import second_factor


class SecondFactorRequiredMiddleware:
    """A person who must have a second factor and has none adds one first: until then nothing else opens."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: object, kwargs: object
    ) -> HttpResponse | None:
        is_public = not getattr(view, "login_required", True)
        if is_public or not isinstance(request.user, User) or _leads_to_a_factor(request.path):
            return None
        if not second_factor.is_missing(request.user):
            return None
        security = reverse("mfa_index")
        if request.headers.get("HX-Request") == "true":
            return HttpResponseClientRedirect(security)
        return redirect(security)


def _leads_to_a_factor(path: str) -> bool:
    alone = (reverse("account_reauthenticate"), reverse("account_logout"))
    return path.startswith(reverse("mfa_index")) or path in alone
