"""Resellers who submit: sessions, accounts and the web server that they ask."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

from accounts.models import Account, Membership, Role, User
from bench.conform.kills import environment
from bench.conform.web import CSRF_TOKEN, LONGEST_ANSWER
from bench.conform.world import World
from portal import local
from portal.processes import WEB, WORKER_MONEY

WORKER = (*WORKER_MONEY[1:], "--without-heartbeat")


@dataclass
class Reseller:
    """Each comes from an address of their own: so many a minute is a limit of each person and each address."""

    session: str
    address: str


def resellers(world: World, count: int, *, first: int = 0) -> list[Reseller]:
    return [_reseller(world, number) for number in range(first, first + count)]


def _reseller(world: World, number: int) -> Reseller:
    user = User.objects.create_user(f"reseller-{number}@money.example")
    for agent in (world.payer, world.voucher):
        Membership.objects.create(user=user, account=agent, role=Role.OWNER)
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(user)
    return Reseller(browser.cookies[settings.SESSION_COOKIE_NAME].value, f"198.51.100.{number + 1}")


def post(connection: HTTPConnection, reseller: Reseller, account: Account, page: str, fields: dict[str, str]) -> int:
    """The answer's status, once the answer was read."""
    headers = {
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={reseller.session}; {settings.CSRF_COOKIE_NAME}={CSRF_TOKEN}",
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Forwarded-For": reseller.address,
    }
    body = urlencode({"csrfmiddlewaretoken": CSRF_TOKEN, **fields})
    connection.request("POST", f"/a/{account.public_id}/{page}/", body, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def connect(port: int) -> HTTPConnection:
    return HTTPConnection("127.0.0.1", port, timeout=LONGEST_ANSWER)


@contextmanager
def web(world: World) -> Iterator[tuple[int, int]]:
    """The web server as `make run` starts it, with the page to compare with; gives its port and its process' id."""
    port = local.free_port()
    own = {"PORT": str(port), "BIND": "127.0.0.1", "WEB_CONCURRENCY": "2", "BEHIND_PROXY": "1"}
    command = [sys.executable, *WEB[1:-1], "bench.money.wsgi"]
    with _running(command, {**environment(world), **own}) as server:
        local.await_port(port, server, seconds=60)
        yield port, server.pid


@contextmanager
def worker(world: World) -> Iterator[int]:
    """The worker of the money queue as `make run` starts it; gives its process' id."""
    with _running([sys.executable, *WORKER], environment(world)) as process:
        yield process.pid


@contextmanager
def _running(command: list[str], environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    # As an installation has it: no query is kept for debugging, and each request leaves its line.
    environ |= {"DEBUG": "0", "PUBLIC_URL": "http://localhost", "LOG_LEVEL": "INFO"}
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)
