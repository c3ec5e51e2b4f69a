import time
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from allauth.core.internal.httpkit import clean_client_ip
from allauth.usersessions.middleware import UserSessionsMiddleware
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequired
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from accounts import audit, factors
from accounts.models import User

NOTED = "activity_noted"


def forwarded_address(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Who asks is whom the outermost of our proxies names: otherwise all people would share one limit of logins."""
    proxies: int = settings.BEHIND_PROXY

    def middleware(request: HttpRequest) -> HttpResponse:
        # Each proxy adds whom it was asked by behind what is there; anybody may have written what stands before.
        named = request.headers.get("X-Forwarded-For", "").split(",")
        address = clean_client_ip(named[-proxies]) if len(named) >= proxies else None
        if address:
            request.META["REMOTE_ADDR"] = address
        return get_response(request)

    return middleware


def protective_headers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Beside those of Django's own: no other site loads anything of ours, and no page stays in a browser's cache."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        response["Cross-Origin-Embedder-Policy"] = "require-corp"
        response["Permissions-Policy"] = settings.PERMISSIONS_POLICY
        return response

    return middleware


def recorded_origin(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """What the audit trail gets while a request is answered says where that came from."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with audit.within_request(request):
            return get_response(request)

    return middleware


class SessionActivityMiddleware(UserSessionsMiddleware):  # type: ignore[misc]  # allauth ships no types
    """Notes once a minute, and when the address changes, that a session is used: a note costs five statements."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return cast(HttpResponse, self.get_response(request))
        minute_and_address = [int(time.time() // 60), request.META.get("REMOTE_ADDR", "")]
        if request.session.get(NOTED) == minute_and_address:
            return cast(HttpResponse, self.get_response(request))
        request.session[NOTED] = minute_and_address
        return cast(HttpResponse, super().__call__(request))


class LoginRequiredMiddleware(DjangoLoginRequired):
    """Deny by default: every view wants a login unless it is marked with `login_not_required`."""

    def handle_no_permission(  # type: ignore[override]  # htmx is redirected by a header, not by a status
        self, request: HttpRequest, view_func: object
    ) -> HttpResponseBase:
        if request.headers.get("HX-Request") != "true":
            return super().handle_no_permission(request, view_func)  # type: ignore[arg-type]
        # A fragment must not be replaced by a login page: the browser goes there, and then back to the page it was on.
        page = request.headers.get("HX-Current-URL", "/")
        login: HttpResponse = redirect_to_login(_path_of(page))
        return HttpResponseClientRedirect(login["Location"])


class SecondFactorMiddleware:
    """Who must have a second factor and has none adds one first: until then nothing else opens."""

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
        if not factors.is_missing(request.user):
            return None
        security = reverse("mfa_index")
        if request.headers.get("HX-Request") == "true":
            return HttpResponseClientRedirect(security)
        return redirect(security)


def _leads_to_a_factor(path: str) -> bool:
    alone = (reverse("account_reauthenticate"), reverse("account_logout"))
    return path.startswith(reverse("mfa_index")) or path in alone


def _path_of(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:  # no address at all, such as http://[
        return "/"
    return parts.path + (f"?{parts.query}" if parts.query else "")
