from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse


def forwarded_address(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Take the visitor's address from the outermost of our proxies: else all people would share one limit of logins."""
    proxies: int = settings.BEHIND_PROXY

    def middleware(request: HttpRequest) -> HttpResponse:
        # Each proxy adds whom it was asked by behind what is there; a client may have written what stands before.
        named = request.headers.get("X-Forwarded-For", "").split(",")
        address = _address_of(named[-proxies].strip()) if len(named) >= proxies else None
        if address:
            request.META["REMOTE_ADDR"] = address
        return get_response(request)

    return middleware


def protective_headers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Add to Django's own headers: no other site loads anything of ours, and no page stays in a browser's cache."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        response["Cross-Origin-Embedder-Policy"] = "require-corp"
        response["Permissions-Policy"] = settings.PERMISSIONS_POLICY
        return response

    return middleware


def _address_of(named: str) -> str | None:
    """Read the address that a proxy names. Some write its port behind it, and an IPv6 address in brackets then."""
    for read in (str, _without_port):
        try:
            return str(ip_address(read(named)))
        except ValueError:
            continue
    return None


def _without_port(named: str) -> str:
    return urlsplit(f"//{named}").hostname or ""
