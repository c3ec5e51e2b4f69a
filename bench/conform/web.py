"""The portal behind its own web server: for what only real requests show."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from threading import Barrier
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from bench.conform.kills import environment
from bench.conform.orders import Order, form_fields, reference_in
from bench.conform.world import World
from portal import local
from portal.processes import WEB

CSRF_TOKEN = "c" * 32
LONGEST_ANSWER = 60.0


@contextmanager
def web(world: World) -> Iterator[int]:
    """Two processes of eight threads; gives the port."""
    port = local.free_port()
    server = subprocess.Popen(
        [sys.executable, *WEB[1:]],
        env={**environment(world), "DEBUG": "1", "PORT": str(port), "BIND": "127.0.0.1", "WEB_CONCURRENCY": "2"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        local.await_port(port, server, seconds=30)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def submit_at_once(world: World, port: int, orders: Sequence[Order]) -> list[str | None]:
    """Each over a connection of its own, all connected before the first asks. The references, None where refused."""
    barrier = Barrier(len(orders))

    def submit(order: Order) -> str | None:
        connection = HTTPConnection("127.0.0.1", port, timeout=LONGEST_ANSWER)
        try:
            connection.connect()
            barrier.wait(LONGEST_ANSWER)
            return _post(connection, world, order)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(orders)) as pool:
        return list(pool.map(submit, orders))


def _post(connection: HTTPConnection, world: World, order: Order) -> str | None:
    fields = {"csrfmiddlewaretoken": CSRF_TOKEN, **form_fields(order)}
    session = world.browser.cookies[settings.SESSION_COOKIE_NAME].value
    headers = {
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={CSRF_TOKEN}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    connection.request("POST", reverse("topup_confirm", args=[order.account.public_id]), urlencode(fields), headers)
    answer = connection.getresponse()
    answer.read()
    return reference_in(answer.status, answer.headers.get("Location", ""))
