"""Starts the demo, step by step. What takes long runs at the same time."""

from __future__ import annotations

import contextlib
import io
import time
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Switch
from portal import local, processes
from portal.demo.children import Children
from portal.demo.people import SWITCH, Login, introduce, logins

FIRST_DAYS = 31  # as many as the overview draws; the workers keep them up to date
PATIENCE_SECONDS = 60


class NotUp(Exception):
    pass


def bring_up(children: Children, folder: Path) -> list[Login]:
    """Start everything and return, once the first page can be seen, who may log in."""
    port = local.free_port()
    children.start("simulator", simulator_command(host="127.0.0.1", port=port, state_file=folder / "simulator-world"))
    children.start("migrate", processes.MIGRATE)
    call_command("collectstatic", interactive=False, verbosity=0)
    children.finish("migrate")
    is_first_time = not Switch.objects.exists()
    for name, command in processes.PROCESSES.items():
        children.start(name, command)
    _await_answer(children, "simulator", f"http://127.0.0.1:{port}/control/stats")
    people = logins(folder)
    introduce(people, simulator_url=f"http://127.0.0.1:{port}", now=timezone.now())
    if is_first_time:
        _fill_the_first_pages()
    _await_answer(children, "web", f"http://127.0.0.1:{settings.PORT}/readyz")
    return people


def simulator_command(*, host: str, port: int, state_file: Path) -> tuple[str, ...]:
    return (
        *("python", "-m", "simulator", "--host", host, "--port", str(port)),
        *("--state-file", str(state_file)),
    )


def _fill_the_first_pages() -> None:
    since = timezone.now().date() - timedelta(days=FIRST_DAYS - 1)
    # What fails here is fetched by the workers a little later.
    with contextlib.suppress(SystemExit):
        call_command("sync", SWITCH, since=since.isoformat(), json=True, stdout=io.StringIO())
    with contextlib.suppress(SystemExit):
        call_command("reconcile", SWITCH, since=since.isoformat(), json=True, stdout=io.StringIO())


def _await_answer(children: Children, name: str, url: str) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        children.check()
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310  # our own address
            return
        if time.monotonic() > give_up:
            sentence = _("%(name)s does not answer at %(url)s; %(log)s may say why.")
            raise NotUp(sentence % {"name": name, "url": url, "log": children.log(name)})
        time.sleep(0.1)
