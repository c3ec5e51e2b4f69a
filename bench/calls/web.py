"""The page of the history over HTTP, beside a page that does nothing, and while a day is being loaded."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from http.client import HTTPConnection

from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Membership, Role, User
from bench.calls.children import child
from bench.calls.feeder import feeder
from bench.calls.fetching import command
from bench.calls.generator import DESTINATIONS
from bench.calls.report import Findings
from bench.calls.timing import p95, timed
from bench.calls.world import World, found_switch
from billing.rates.models import Rate, RateGroup
from portal import local
from portal.processes import WEB

REQUESTS = 400
WARMING = 20
# One day after the other, so that all of what loading does happens while pages are asked for; more than will be done.
CALLS_OF_A_DAY, DAYS = 100_000, 100
LONGEST_ANSWER = 60


def measure(world: World, findings: Findings) -> None:
    _name_destinations(world.largest)
    requests = 20 if world.plan.is_short else REQUESTS
    session, page = _signed_in(world), f"/a/{world.largest.public_id}/"
    with _web(world) as port:
        connection = HTTPConnection("127.0.0.1", port, timeout=LONGEST_ANSWER)
        see = partial(_see, connection, session)
        took = _in_turn(
            requests, {"history": partial(see, f"{page}calls/"), "nothing": partial(see, f"{page}nothing/")}
        )
        with _loading(world) as loader:
            loaded = [timed(partial(see, f"{page}calls/")) for _ in range(requests)]
            was_loading = loader.poll() is None
        connection.close()
    idle, nothing, busy = p95(took["history"]), p95(took["nothing"]), p95(loaded)
    findings.figure("web: p95 in ms, history", idle * 1000)
    findings.figure("web: p95 in ms, a page that does nothing", nothing * 1000)
    findings.figure("web: p95 in ms, history while a day is being loaded", busy * 1000)
    findings.most("history page over HTTP, p95, over a signed-in page that does nothing", idle / nothing, 3)
    findings.most("the same while a day is being loaded, over its own idle figure", busy / idle, 2)
    assert was_loading, "the day was loaded before the pages were asked for"


def _name_destinations(account: Account) -> None:
    """As the rates of an account do whose calls are looked at."""
    account.rate_group, now = "named", timezone.now()
    account.save(update_fields=["rate_group"])
    group = RateGroup.objects.create(
        switch=account.switch, name=account.rate_group, read_at=now, not_before=now + timedelta(days=1)
    )
    rates = (Rate(group=group, prefix=prefix, area_name="Somewhere", fee=1, period=60) for prefix, *_ in DESTINATIONS)
    Rate.objects.bulk_create(rates)


def _in_turn(requests: int, pages: dict[str, partial[None]]) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {name: [] for name in pages}
    for number in range(WARMING + requests):
        for name, see in pages.items():
            seconds = timed(see)
            if number >= WARMING:
                took[name].append(seconds)
    return took


def _see(connection: HTTPConnection, session: str, path: str) -> None:
    connection.request("GET", path, headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, answer.status


def _signed_in(world: World) -> str:
    user = User.objects.create_user("customer@calls.example")
    Membership.objects.create(user=user, account=world.largest, role=Role.VIEWER)
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(user)
    return str(browser.cookies[settings.SESSION_COOKIE_NAME].value)


@contextmanager
def _web(world: World) -> Iterator[int]:
    """As in production: two processes of eight threads; gives the port."""
    port = local.free_port()
    own = {"DEBUG": "1", "PORT": str(port), "BIND": "127.0.0.1", "WEB_CONCURRENCY": "2"}
    with child({**world.environ, **own}, *WEB[1:-1], "bench.calls.wsgi") as server:
        local.await_port(port, server, seconds=60)
        yield port


@contextmanager
def _loading(world: World) -> Iterator[subprocess.Popen[bytes]]:
    count = world.plan.size if world.plan.is_short else CALLS_OF_A_DAY
    first = world.plan.last + timedelta(days=1)
    with feeder(count) as url:
        account = Account.objects.create(switch=found_switch("feeder-meanwhile", url), number="W-1")
        with child(world.environ, *command(account.pk, first, first + timedelta(days=DAYS))) as loader:
            yield loader
