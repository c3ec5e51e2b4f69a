"""What the staff pages about one top-up share."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from accounts.models import Account, User
from accounts.staff_pages.base import ReadOnlyAdmin
from accounts.web import fresh_login
from billing.topups.models import TopUp, Transition
from billing.topups.queries import evidence

WORDS = {
    "code": "code",
    "text": "text",
    "pay_money": "payMoney",
    "money": "balance after",
    "reason": "reason",
    "looks": "complete look-ups",
    "payment": "payment no.",
}


class TopUpPages(ReadOnlyAdmin[TopUp]):
    def person(self, request: HttpRequest, permission: str) -> User:
        """Who asks, if they may."""
        if not isinstance(request.user, User) or not request.user.has_perm(permission):
            raise PermissionDenied
        return request.user

    def show_once_more(self, request: HttpRequest, account: Account, amount: Decimal) -> None:
        """That it is them, before money above the switch's threshold moves."""
        if account.switch.wants_fresh_login(abs(amount)):
            fresh_login.require(request)

    def topup(self, topup_id: int) -> TopUp:
        rows = TopUp.objects.select_related("account__switch", "payer", "requested_by", "reissue_of", "reissued_as")
        topup = rows.filter(id=topup_id).first()
        if topup is None:
            raise Http404("No such top-up")
        return topup

    def context(self, request: HttpRequest, topup: TopUp, title: str) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "topup": topup,
            "original": topup,
            **everything_seen(topup),
        }


def everything_seen(topup: TopUp) -> dict[str, Any]:
    seen = evidence.seen(topup)
    return {"seen": seen, "steps": [(step, _told(step)) for step in seen.transitions]}


def _told(step: Transition) -> str:
    """What the switch answered, or was found; the rows of a find stand with its look-up."""
    told = [f"{WORDS[name]} {value}" for name, value in step.evidence.items() if name in WORDS]
    told += [f"{len(step.evidence[name])} {name}" for name in ("found", "candidates") if name in step.evidence]
    told += [f"card {name} {value}" for name, value in step.evidence.get("card", {}).items()]
    return ", ".join(told)
