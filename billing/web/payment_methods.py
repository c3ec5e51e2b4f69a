"""The ways in which money comes to an account, of which each person is shown their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from accounts.access import Access
from billing import subject

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Way:
    """A way that a person may go. `page` names the address of its form."""

    title: StrOrPromise
    page: str


def payment_methods(access: Access) -> list[Way]:
    """The ways that a person may use for an account, the usual one first."""
    return [Way(way.title(access), way.url) for way in subject.payment_methods() if access.may(way.action)]


def to_a_way(access: Access) -> HttpResponse:
    """Lead to the first way that a person may use; its form leads to the others."""
    for way in payment_methods(access):
        return redirect(way.page, access.account.public_id)
    raise Http404("No way to top up")
