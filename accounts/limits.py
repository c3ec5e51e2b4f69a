"""So many tries and no more: by address, by person, by whatever is tried. How many, ACCOUNT_RATE_LIMITS says."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.ratelimit import consume, respond_429
from django.http import HttpRequest, HttpResponse

Rest = ParamSpec("Rest")
Asked = TypeVar("Asked", bound=HttpRequest)
View = Callable[Concatenate[Asked, Rest], HttpResponse]


def spend(request: HttpRequest, action: str, *, key: str | None = None) -> None:
    """One try. Where none is left it raises what allauth's middleware answers with the page that says to wait."""
    if not consume(request, app="allauth.account", action=action, key=key, limit_get=True):
        raise ImmediateHttpResponse(respond_429(request))


def limited(action: str, *, method: str = "POST") -> Callable[[View[Asked, Rest]], View[Asked, Rest]]:
    """Each request of this method is a try."""

    def decorate(view: View[Asked, Rest]) -> View[Asked, Rest]:
        @wraps(view)
        def page(request: Asked, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
            if request.method == method:
                spend(request, action)
            return view(request, *args, **kwargs)

        return page

    return decorate
