"""A page and its fragment: one view, one context, one template. The server chooses what htmx gets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django_htmx.middleware import HtmxDetails

from accounts.access import Access
from accounts.actions import Action
from accounts.web.requests import LoggedInRequest
from billing.subject import place_of, places

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Request(LoggedInRequest):
    """What the view of a page of an account gets: a person is logged in, and what htmx says of itself was read."""

    htmx: HtmxDetails


@dataclass(frozen=True)
class Tab:
    """An entry of the main menu. `current` is ARIA's word: the very page, or a place that the page lies in."""

    title: StrOrPromise
    url: str
    icon: str
    current: Literal["page", "true", ""]


def render_page(
    request: Request, template: str, context: dict[str, Any], *, fragment: str = "", status: int = 200
) -> HttpResponse:
    """The whole page, or its partial `fragment` when htmx asks for less than a page."""
    if fragment and wants_fragment(request):
        template = f"{template}#{fragment}"
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Boosted", "HX-History-Restore-Request"])
    # Money on a shared computer: after logging out the back button must not show it.
    add_never_cache_headers(response)
    return response


def render_account_page(
    request: Request,
    access: Access,
    template: str,
    context: dict[str, Any],
    *,
    now: datetime,
    fragment: str = "",
    status: int = 200,
) -> HttpResponse:
    account = access.account
    own = access.via or account
    frame = {
        "account": account,
        "currency": account.switch.currency,
        "now": now,
        "tabs": _tabs(request, access),
        "home_account": access.via,
        "agent": own if own != account else None,
        "as_staff": access.as_staff,
        "may_top_up": access.may(Action.PAY_IN),
        "may_see_members": access.may(Action.MEMBERS),
    }
    return render_page(request, template, {**frame, **context}, fragment=fragment, status=status)


def wants_fragment(request: Request) -> bool:
    htmx = request.htmx
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def _tabs(request: Request, access: Access) -> list[Tab]:
    here = request.resolver_match.url_name if request.resolver_match else ""
    _, _, part = request.path.removeprefix("/a/").partition("/")
    within = place_of(part.partition("/")[0])
    return [
        Tab(
            place.title,
            reverse(place.url, args=[access.account.public_id]),
            place.icon or f"icons/{place.url}.svg",
            current="page" if place.url == here else "true" if place.url == within else "",
        )
        for place in places()
        if access.may(place.action)
    ]
