"""The ways in which money comes to an account, of which everybody is shown their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from accounts.access import Access, Action


@dataclass(frozen=True)
class Way:
    """`page` is the name of its form."""

    title: str
    page: str


def ways_of(access: Access) -> list[Way]:
    return list(_ways(access))


def to_a_way(access: Access) -> HttpResponse:
    """To the first of them; the form there leads to the others."""
    for way in _ways(access):
        return redirect(way.page, access.account.public_id)
    raise Http404("No way to top up")


def _ways(access: Access) -> Iterator[Way]:
    if access.may(Action.TOP_UP) and access.via is not None:
        yield Way(f"From {access.via.name or access.via.number}", "topup_form")
    if access.may(Action.VOUCHER):
        yield Way("Voucher card", "voucher_form")
    if access.may(Action.PAY):
        yield Way("Pay by card", "online_form")
