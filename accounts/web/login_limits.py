"""Limits tries of what leads to a login (invitations, claims) and requests for mails, by address, person and target.

allauth limits logins, forgotten passwords and codes themselves. Both count in PostgreSQL (`LoginAttempts`), so that an
outage of Redis lets no guesser go on, and both obey portal/settings/login_limits.py. A try is never given back. What
people do often, or what is given back when it was no miss, is counted in Redis by `billing.lib.redis_limits`.
"""

from __future__ import annotations

from typing import NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.decorators import rate_limit
from django.http import HttpRequest
from django.shortcuts import render


def spend(request: HttpRequest, action: str, *, key: str | None = None) -> None:
    """Count one try, or refuse the request where none is left."""

    @rate_limit(action=action, key=key, limit_get=True)  # type: ignore[untyped-decorator]  # allauth ships no types
    def is_allowed(request: HttpRequest) -> None:
        pass

    if is_allowed(request) is not None:
        refuse(request)


def refuse(request: HttpRequest) -> NoReturn:
    """Raises what allauth's middleware answers the request with: the page that says to wait."""
    raise ImmediateHttpResponse(render(request, "429.html", status=429))
