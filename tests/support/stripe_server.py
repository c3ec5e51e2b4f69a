"""The part of Stripe's interface that the portal uses, as a small server on loopback for the real SDK."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import stripe

SECRET_KEY, WEBHOOK_SECRET = "sk_test_of_the_tests", "whsec_of_the_tests"
LEAST_OPEN = 30 * 60
# Stripe keeps no answer of these for a key: what was asked was not begun.
NOT_KEPT = frozenset({401, 409, 429})
Row = dict[str, Any]
# An HTTP status, or 0 to hang up, and what is answered.
Answer = tuple[int, Row]


@dataclass
class StripeServer:
    """What it was sent, what it keeps, and how it is to fail next: an HTTP status, or 0 to hang up.

    `failures` come before anything is done, `failures_after` after a session is made. Both are kept for the key.
    """

    url: str = ""
    created: list[dict[str, str]] = field(default_factory=list)
    sessions: dict[str, Row] = field(default_factory=dict)
    intents: dict[str, Row] = field(default_factory=dict)
    refunds: dict[str, Row] = field(default_factory=dict)
    disputes: dict[str, Row] = field(default_factory=dict)
    by_key: dict[str, tuple[dict[str, str], int, Row]] = field(default_factory=dict)
    looks: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    failures_after: list[int] = field(default_factory=list)
    error_code: str = ""

    @property
    def session(self) -> Row:
        [session] = self.sessions.values()
        return session

    def pay(self, **changes: Any) -> Row:
        """The person pays on the hosted page, by which a payment intent comes to be."""
        self.submit()
        self.session.update({"payment_status": "paid", **changes})
        return self.session

    def submit(self) -> Row:
        """The person has done all, and the bank has not, as with a bank debit."""
        reference = self.session["client_reference_id"]
        intent = {"id": f"pi_{self.session['id']}", "object": "payment_intent", "status": "processing"}
        self.intents[intent["id"]] = {**intent, "metadata": {"reference": reference}}
        self.session.update({"status": "complete", "url": None, "payment_intent": intent["id"]})
        return self.session

    def refund(self, amount: int, *, status: str = "succeeded") -> Row:
        number = f"re_{len(self.refunds) + 1}_{self.session['id']}"
        self.refunds[number] = {"id": number, "object": "refund", **self._of_the_charge(amount), "status": status}
        return self.refunds[number]

    def dispute(self, status: str = "needs_response", *, amount: int | None = None) -> Row:
        """The one dispute of the charge, opened first and then decided."""
        number = f"du_{self.session['id']}"
        about = self._of_the_charge(amount or self.session["amount_total"])
        self.disputes[number] = {"id": number, "object": "dispute", **about, "reason": "fraudulent", "status": status}
        return self.disputes[number]

    def charge(self) -> Row:
        """The charge as newer versions of the interface tell it: without its refunds."""
        back = sum(refund["amount"] for refund in self.refunds.values() if refund["status"] in ("pending", "succeeded"))
        about = self._of_the_charge(self.session["amount_total"])
        return {**about, "id": about["charge"], "object": "charge", "amount_refunded": back}

    def _of_the_charge(self, amount: int) -> Row:
        intent, currency = self.session["payment_intent"], self.session["currency"]
        return {"amount": amount, "currency": currency, "payment_intent": intent, "charge": f"ch_{intent}"}

    def post(self, path: str, form: dict[str, str], key: str) -> Answer:
        if path.endswith("/expire"):
            return self.expire(path.split("/")[-2])
        if self.failures[:1] == [0]:
            return self._failure()
        return self.create(form, key)

    def get(self, path: str, query: dict[str, str]) -> Answer:
        name = path.rpartition("/")[2]
        self.asked.append(path)
        if name.startswith("cs_"):
            self.looks.append(name)
        return self._failure() if self.failures else self.find(path, query)

    def _failure(self) -> Answer:
        return self.failures.pop(0), error(code=self.error_code)

    def create(self, form: dict[str, str], key: str) -> Answer:
        """Answer as the first time that this key came; with other content it is refused."""
        if key in self.by_key:
            before, status, answer = self.by_key[key]
            return (status, answer) if before == form else (400, error("idempotency_error"))
        status, answer = self._create(form)
        if status not in NOT_KEPT:
            self.by_key[key] = (form, status, answer)
        if self.failures_after[:1] == [0] and status == HTTPStatus.OK:
            return self.failures_after.pop(0), {}
        return status, answer

    def _create(self, form: dict[str, str]) -> Answer:
        if self.failures:
            return self._failure()
        self.created.append(form)
        if int(form["expires_at"]) < time.time() + LEAST_OPEN:
            return 400, error()
        name = f"cs_test_{len(self.sessions) + 1}"
        self.sessions[name] = {
            "id": name,
            "object": "checkout.session",
            "url": f"https://checkout.stripe.com/c/pay/{name}",
            "status": "open",
            "payment_status": "unpaid",
            "client_reference_id": form["client_reference_id"],
            "amount_total": int(form["line_items[0][price_data][unit_amount]"]),
            "currency": form["line_items[0][price_data][currency]"],
            "payment_intent": None,
            "created": int(time.time()),
        }
        if self.failures_after and self.failures_after[0]:
            return self.failures_after.pop(0), error("api_error")
        return 200, dict(self.sessions[name])

    def expire(self, name: str) -> Answer:
        session = self.sessions.get(name)
        if session is None or session["status"] != "open":
            return 400, error()
        session.update({"status": "expired", "url": None})
        return 200, session

    def find(self, path: str, query: dict[str, str]) -> Answer:
        """Answer a read."""
        of_intent = query.get("payment_intent")
        match path.removeprefix("/v1/").split("/"):
            case ["checkout", "sessions"]:
                since, until = int(query["created[gte]"]), int(query["created[lte]"])
                return 200, page(
                    path, [row for row in self.sessions.values() if since <= row["created"] <= until], query
                )
            case ["checkout", "sessions", name] if name in self.sessions:
                return 200, self._expanded(self.sessions[name], query)
            case ["refunds"]:
                return 200, page(path, self._of(self.refunds, of_intent), query)
            case ["disputes"]:
                return 200, page(path, self._of(self.disputes, of_intent), query)
            case ["payment_intents", name] if name in self.intents:
                return 200, self.intents[name]
        return 404, error()

    def _of(self, rows: dict[str, Row], intent: str | None) -> list[Row]:
        return [row for row in rows.values() if row["payment_intent"] == intent]

    def _expanded(self, session: Row, query: dict[str, str]) -> Row:
        """The session with its payment intent as a whole where that is asked for, and else with its name alone."""
        intent = session["payment_intent"]
        if "payment_intent" in query.values():
            whole = self.intents.get(intent) if isinstance(intent, str) else intent
            return {**session, "payment_intent": whole}
        return {**session, "payment_intent": intent.get("id") if isinstance(intent, dict) else intent}


def error(kind: str = "invalid_request_error", code: str = "") -> Row:
    return {"error": {"type": kind, "code": code}}


def page(path: str, rows: list[Row], query: dict[str, str]) -> Row:
    """The newest first, from behind the one that is named."""
    rows = rows[::-1]
    names = [row["id"] for row in rows]
    start = names.index(query["starting_after"]) + 1 if "starting_after" in query else 0
    end = start + int(query.get("limit", 10))
    return {"object": "list", "url": path, "data": rows[start:end], "has_more": end < len(rows)}


@contextmanager
def running() -> Iterator[StripeServer]:
    state = StripeServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            self.answer(state.post(urlsplit(self.path).path, dict(parse_qsl(body)), self.headers["Idempotency-Key"]))

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            self.answer(state.get(address.path, dict(parse_qsl(address.query))))

        def answer(self, answer: Answer) -> None:
            status, data = answer
            if not status:
                self.close_connection = True
                return
            body = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the standard library's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def event(about: Row, kind: str = "checkout.session.completed", *, at: int | None = None) -> str:
    """An event about an object; now, unless at another time."""
    created = int(time.time()) if at is None else at
    return json.dumps({"id": "evt_1", "object": "event", "type": kind, "created": created, "data": {"object": about}})


def signed(body: str, *, secret: str = WEBHOOK_SECRET, at: int | None = None) -> str:
    """By the SDK's own scheme; now, unless at another time."""
    header: str = stripe.WebhookSignature.generate_signature_header(body, secret, at)
    return header
