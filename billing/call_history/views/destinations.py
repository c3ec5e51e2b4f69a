"""Names of destinations, offered while one is typed."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET

from accounts.access import Access
from billing.call_history.forms.fields import DestinationField, is_name
from billing.rates import services as rates
from billing.rates.queries import names
from billing.web.account_page import account_page
from billing.web.rendering import Request

FEWEST_LETTERS = 2


@require_GET
@account_page()
def calls_destinations(request: Request, access: Access) -> HttpResponse:
    """Options for the list of the field. Where the rates are old, a worker reads them for the next letter."""
    begin = _written(request)
    found: list[str] = []
    if len(begin) >= FEWEST_LETTERS and is_name(begin):
        found = names(account=access.account, begin=begin)
        rates.of_account(account=access.account, now=timezone.now())
    response = render(request, "call_history/destinations.html", {"names": found})
    add_never_cache_headers(response)
    return response


def _written(request: Request) -> str:
    try:
        return DestinationField().clean(request.GET.get("destination", ""))
    except ValidationError:
        return ""
