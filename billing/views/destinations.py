"""Names of destinations, offered while one is typed."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET

from accounts.access import Access
from billing.forms.numbers import DestinationField, is_name
from billing.queries.destinations import names
from billing.services import rates
from billing.views.access import account_page
from billing.views.http import Request

FEWEST_LETTERS = 2


@require_GET
@account_page()
def calls_destinations(request: Request, access: Access) -> HttpResponse:
    """Options for the list of the field. Where the rates are old, a worker reads them for the next letter."""
    begin = _written(request)
    found: list[str] = []
    if len(begin) >= FEWEST_LETTERS and is_name(begin):
        rates.of_account(account=access.account, now=timezone.now())
        found = names(account=access.account, begin=begin)
    response = render(request, "parts/destinations.html", {"names": found})
    add_never_cache_headers(response)
    return response


def _written(request: Request) -> str:
    try:
        return DestinationField().clean(request.GET.get("destination", ""))
    except ValidationError:
        return ""
