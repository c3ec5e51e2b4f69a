"""A provider that takes no money and needs no network: a page of the portal's own stands in for the hosted one.

Its reports are signed as Stripe signs them, and are received in the same way. Its sessions are kept in the cache.
"""

from __future__ import annotations

import json
import time
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from billing.card_payments.models import CardPayment, ProviderReason
from billing.card_payments.providers.base import (
    OPEN_FOR,
    NotFromProvider,
    PageClosed,
    Progress,
    ProviderRefused,
    ReversalReport,
    Session,
    SessionReport,
)

REMEMBERED_FOR_SECONDS = 24 * 3600
TOLERANCE_SECONDS = 300


class Demo:
    name = "demo"

    def payable_places(self, currency: str) -> int:
        return 2

    def open(self, *, payment: CardPayment, back: str, now: datetime) -> Session:
        session = f"demo_{salted_hmac(__name__, payment.reference).hexdigest()[:24]}"
        state = {
            "session": session,
            "reference": payment.reference,
            "amount": str(payment.amount),
            "currency": payment.currency,
            "back": back,
            "until": (payment.started_at + OPEN_FOR).timestamp(),
            "progress": Progress.PENDING.name,
        }
        cache.add(_place(session), state, REMEMBERED_FOR_SECONDS)
        return Session(id=session, url=_page(session))

    def look(self, *, session: str) -> SessionReport:
        """Tell how a session stands. One that has left the cache, or was not paid in time, is over."""
        state = cache.get(_place(session))
        if state is None:
            return SessionReport(session=session, reference="", progress=Progress.OVER, amount=Decimal(0), currency="")
        if state["progress"] == Progress.PENDING.name and time.time() >= state["until"]:
            state["progress"] = Progress.OVER.name
        return _report(state)

    def find(self, *, payment: CardPayment, now: datetime) -> SessionReport | None:
        """Opening is answered at once here: there is no session but those that are known."""
        return None

    def expire(self, *, session: str) -> None:
        state = recall(session)
        if state["progress"] != Progress.PENDING.name:
            raise PageClosed
        cache.set(_place(session), {**state, "progress": Progress.OVER.name}, REMEMBERED_FOR_SECONDS)

    def reversals(self, *, intent: str) -> tuple[ReversalReport, ...]:
        """No money moves, so none is paid back."""
        return ()

    def reference_of(self, *, intent: str) -> str:
        return ""

    def read(self, *, body: bytes, signature: str) -> SessionReport | None:
        """Read a report that is signed by `t=<unix seconds>,v1=<HMAC of "t.body">`. Raises NotFromProvider."""
        parts = dict(part.partition("=")[::2] for part in signature.split(","))
        stamp = parts.get("t", "")
        if not constant_time_compare(_sign(body, stamp), parts.get("v1", "")):
            raise NotFromProvider
        if abs(time.time() - int(stamp)) > TOLERANCE_SECONDS:
            raise NotFromProvider
        return _report(json.loads(body))


def recall(session: str) -> dict[str, Any]:
    """Read the state of a session from the cache. Raises ProviderRefused when it is no longer there."""
    state: dict[str, Any] | None = cache.get(_place(session))
    if state is None:
        raise ProviderRefused(ProviderReason.FORGOTTEN)
    return state


def finish(*, session: str, progress: Progress, now: datetime) -> tuple[bytes, str]:
    """Keep what the person did on the page; only the first time counts. Returns a report about it and its signature."""
    state = recall(session)
    if state["progress"] == Progress.PENDING.name:
        state["progress"] = progress.name if now.timestamp() < state["until"] else Progress.OVER.name
        cache.set(_place(session), state, REMEMBERED_FOR_SECONDS)
    body = json.dumps(state).encode()
    stamp = str(int(now.timestamp()))
    return body, f"t={stamp},v1={_sign(body, stamp)}"


def _sign(body: bytes, stamp: str) -> str:
    return salted_hmac(f"{__name__} report", stamp.encode() + b"." + body, algorithm="sha256").hexdigest()


def _place(session: str) -> str:
    return f"demo-payment:{session}"


def _page(session: str) -> str:
    return reverse("demo_pay", args=[session])


def _report(state: dict[str, Any]) -> SessionReport:
    return SessionReport(
        session=state["session"],
        reference=state["reference"],
        progress=Progress[state["progress"]],
        amount=Decimal(state["amount"]),
        currency=state["currency"],
        url=_page(state["session"]) if state["progress"] == Progress.PENDING.name else "",
    )
