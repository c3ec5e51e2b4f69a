"""Limits requests for top-ups and files: so many a minute by a person and from an address.

They are counted in Redis, by one question. Without Redis no step is held up: the limits of a day are in the database.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Concatenate, ParamSpec

from allauth.account.adapter import get_adapter
from django.http.response import HttpResponseBase

from accounts.web import login_limits
from billing.lib.redis_limits import Limit, TooMany, Unavailable, network_of, spend
from billing.web.rendering import Request

logger = logging.getLogger(__name__)

Rest = ParamSpec("Rest")
View = Callable[Concatenate[Request, Rest], HttpResponseBase]
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Steps:
    name: str
    of_a_person: int
    from_an_address: int


# One form that comes in many times at once is answered as often; each of its answers is the same.
TOPUP = Steps("topup", of_a_person=150, from_an_address=300)
EXPORT = Steps("export", of_a_person=20, from_an_address=100)
# A small file each: an agent may well want a year's, or one of each customer.
STATEMENT = Steps("statement", of_a_person=60, from_an_address=300)


def throttled(steps: Steps, *, method: str = "POST") -> Callable[[View[Rest]], View[Rest]]:
    """Counts each request of this method as a step; where none is left, the page says to wait."""

    def decorate(view: View[Rest]) -> View[Rest]:
        @wraps(view)
        def page(request: Request, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
            if request.method == method and not _may_go_on(request, steps):
                login_limits.refuse(request)
            return view(request, *args, **kwargs)

        return page

    return decorate


def _may_go_on(request: Request, steps: Steps) -> bool:
    network = network_of(get_adapter(request).get_client_ip(request))
    limits = [
        Limit(f"{steps.name}:user:{request.user.pk}", steps.of_a_person),
        Limit(f"{steps.name}:address:{network}", steps.from_an_address),
    ]
    try:
        spend(limits, window=MINUTE)
    except TooMany:
        return False
    except Unavailable:
        logger.warning("Redis does not answer: a step towards %s was not counted", steps.name)
    return True
