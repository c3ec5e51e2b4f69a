"""So many tries and no more: by address, by person, by whatever is tried. How many, ACCOUNT_RATE_LIMITS says."""

from __future__ import annotations

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.ratelimit import consume, respond_429
from django.http import HttpRequest


def spend(request: HttpRequest, action: str, *, key: str | None = None) -> None:
    """One try. Where none is left it raises what allauth's middleware answers with the page that says to wait."""
    if not consume(request, app="allauth.account", action=action, key=key, limit_get=True):
        raise ImmediateHttpResponse(respond_429(request))
