"""The part of Stripe's interface that the portal uses, as a small server on loopback for the real SDK."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import stripe

SECRET_KEY, WEBHOOK_SECRET = "sk_test_of_the_tests", "whsec_of_the_tests"


@dataclass
class StripeServer:
    """What it was sent, the sessions it keeps, and how it is to fail next: an HTTP status, or 0 to hang up."""

    url: str = ""
    created: list[dict[str, str]] = field(default_factory=list)
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    looks: list[str] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    error_code: str = ""

    @property
    def session(self) -> dict[str, Any]:
        [session] = self.sessions.values()
        return session

    def pay(self, **changes: Any) -> dict[str, Any]:
        """The person pays on the hosted page."""
        self.session.update({"status": "complete", "payment_status": "paid", **changes})
        return self.session

    def create(self, form: dict[str, str], key: str) -> dict[str, Any]:
        self.created.append(form)
        if key not in self.by_key:
            name = f"cs_test_{len(self.sessions) + 1}"
            self.by_key[key] = name
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
            }
        return self.sessions[self.by_key[key]]


@contextmanager
def running() -> Iterator[StripeServer]:
    state = StripeServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if not self.fails():
                key = self.headers["Idempotency-Key"]
                self.answer(200, state.create(dict(parse_qsl(body)), key))

        def do_GET(self) -> None:
            name = urlsplit(self.path).path.rpartition("/")[2]
            state.looks.append(name)
            if not self.fails():
                self.answer(200 if name in state.sessions else 404, state.sessions.get(name, {"error": {}}))

        def fails(self) -> bool:
            if not state.failures:
                return False
            status = state.failures.pop(0)
            if status:
                self.answer(status, {"error": {"type": "invalid_request_error", "code": state.error_code}})
            else:
                self.close_connection = True
            return True

        def answer(self, status: int, data: dict[str, Any]) -> None:
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


def event(session: dict[str, Any], kind: str = "checkout.session.completed") -> str:
    return json.dumps({"id": "evt_1", "object": "event", "type": kind, "data": {"object": session}})


def signed(body: str, *, secret: str = WEBHOOK_SECRET, at: int | None = None) -> str:
    """By the SDK's own scheme; now, unless at another time."""
    header: str = stripe.WebhookSignature.generate_signature_header(body, secret, at)
    return header
