"""The one way into an account's pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from accounts.access import Access, open_account
from accounts.actions import Action
from accounts.models import Account
from accounts.queries import time_zones
from accounts.services import audit
from accounts.web import fresh_login
from billing.web.rendering import Request

Rest = ParamSpec("Rest")
SEEN_AGAIN_AFTER = timedelta(minutes=1)


def account_page(
    action: Action = Action.VIEW,
) -> Callable[[Callable[Concatenate[Request, Access, Rest], HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Give the view an Access instead of the id in the address; times inside are shown in the user's zone.

    A HEAD says whether the account opens and nothing else: the view is not called, so it asks neither the switch nor
    the payment provider, and nothing is written.
    """

    def decorate(
        view: Callable[Concatenate[Request, Access, Rest], HttpResponseBase],
    ) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def page(request: Request, public_id: str, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
            access = open_account(request.user, public_id, action)
            if request.method == "HEAD":
                return HttpResponse()
            if access.as_staff:
                # Before anything is read: whatever a member of staff may see is in the audit trail.
                audit.look(access=access, path=request.get_full_path(), now=timezone.now())
            with timezone.override(zone_of(access)):
                response = view(request, access, *args, **kwargs)
            if request.method == "GET":
                _mark_viewed(access.account, timezone.now())
            return response

        return page

    return decorate


def after_fresh_login(
    view: Callable[Concatenate[Request, Access, Rest], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Lets a person reach the view only after a fresh login."""

    @wraps(view)
    def page(request: Request, access: Access, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
        fresh_login.require(request)
        return view(request, access, *args, **kwargs)

    return page


def zone_of(access: Access) -> ZoneInfo:
    """The time zone that the pages show times in."""
    return time_zones.zone_of(access.user, access.account.switch)


def _mark_viewed(account: Account, now: datetime) -> None:
    """Note that the account is looked at, so that the workers keep it up to date."""
    seen_at = account.viewed_at
    if seen_at is None or seen_at <= now - SEEN_AGAIN_AFTER:
        Account.objects.filter(pk=account.pk).update(viewed_at=now)
