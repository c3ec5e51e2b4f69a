"""Helpers that the staff pages about top-ups share: who may open one, the top-up, and what its template is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeAlias

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from accounts.staff_pages.base import ReadOnlyAdmin
from accounts.web import fresh_login
from billing.topups.models import CardFinding, TopUp, Transition
from billing.topups.queries import evidence

P = ParamSpec("P")
TopUps: TypeAlias = ReadOnlyAdmin[TopUp]

# The keys of a transition's evidence that are shown, and how the page words them.
WORDS = {
    "code": _("code %(value)s"),
    "text": _("text %(value)s"),
    "pay_money": _("payMoney %(value)s"),
    "money": _("balance after %(value)s"),
    "reason": _("reason %(value)s"),
    "looks": _("complete look-ups %(value)s"),
    "payment": _("payment no. %(value)s"),
}
# The same of the rows that were found: they are counted.
COUNTED = {"found": _("%(count)s found"), "candidates": _("%(count)s candidates")}
# The same of a voucher's card.
CARD_WORDS = {
    "state": _("card state %(value)s"),
    "code": _("card code %(value)s"),
    "amount": _("card amount %(value)s"),
    "at": _("card at %(value)s"),
    "account": _("card account %(value)s"),
}


def page(
    admin: TopUps, address: str, view: Callable[Concatenate[TopUps, HttpRequest, P], HttpResponse], name: str
) -> URLPattern:
    """Give a page of staff its address. Its view is a function that takes the admin of top-ups and the request."""
    return path(address, admin.admin_site.admin_view(partial(view, admin)), name=name)


def person_with(request: HttpRequest, permission: str) -> User:
    """Return the person who asks. Raises PermissionDenied unless they have the permission."""
    if not isinstance(request.user, User) or not request.user.has_perm(permission):
        raise PermissionDenied
    return request.user


def require_fresh_login(request: HttpRequest, account: Account, amount: Decimal) -> None:
    """Before money above the switch's threshold moves, the person shows once more that it is them."""
    if account.switch.wants_fresh_login(abs(amount)):
        fresh_login.require(request)


def topup_or_404(topup_id: int) -> TopUp:
    rows = TopUp.objects.select_related("account__switch", "payer", "requested_by", "reissue_of", "reissued_as")
    topup = rows.filter(id=topup_id).first()
    if topup is None:
        raise Http404("No such top-up")
    return topup


def topup_context(admin: TopUps, request: HttpRequest, topup: TopUp, title: str) -> dict[str, Any]:
    """What the template of a page about one top-up is given."""
    return {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": title,
        "topup": topup,
        "original": topup,
        **evidence_context(topup),
    }


def evidence_context(topup: TopUp) -> dict[str, Any]:
    """The evidence about a top-up, with a line of words for each of its transitions."""
    found = evidence.evidence_of(topup)
    return {"evidence": found, "steps": [(step, _worded(step)) for step in found.transitions]}


def _worded(step: Transition) -> str:
    """Say what the switch answered, or what was found. The rows of a find are shown with its look-up instead."""
    seen, card = step.evidence, _shown(step.evidence.get("card", {}))
    parts = [WORDS[name] % {"value": value} for name, value in seen.items() if name in WORDS]
    parts += [words % {"count": len(seen[name])} for name, words in COUNTED.items() if name in seen]
    parts += [CARD_WORDS[name] % {"value": value} for name, value in card.items()]
    return ", ".join(parts)


def _shown(card: Mapping[str, str]) -> Mapping[str, str]:
    """What is kept of a voucher's card, with its state in words."""
    return {**card, "state": str(CardFinding(card["state"]).label)} if card else {}
