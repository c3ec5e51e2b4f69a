"""The smoke check of `make run` itself: start it, log in over HTTP, see the balance, stop it, nothing left behind.

Run by .ci/run with the environment's Python: `.venv/bin/python -m tests.smoke`.
"""

from __future__ import annotations

import re
import signal
import socket
import sys
import time

import requests

from portal.demo.forget import forget
from tests.support.demo import CHECKOUT, DemoProcess, Person

MONEY = re.compile(r"\d+\.\d{2}")


def main() -> None:
    folder = CHECKOUT / ".local" / "smoke"
    forget(folder)
    command = ("make", "--silent", "run", "DEMO=--json")
    with DemoProcess(folder, command=command, settings="portal.settings") as demo:
        say(f"started in {demo.seconds} s at {demo.url}")
        page = log_in(demo.url, demo.people["customer"])
        if "Log out" not in page.text or "A-20417" not in page.text or not MONEY.search(page.text):
            sys.exit(f"No balance on {page.url} (status {page.status_code}).")
        say(f"the customer sees the balance on {page.url}")
        began = time.monotonic()
        demo.stop(signal.SIGINT)
        say(f"stopped in {time.monotonic() - began:.1f} s")
    if left := demo.left_behind():
        sys.exit(f"Left behind: {left}")
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", demo.port)) == 0:
            sys.exit(f"Something still listens on port {demo.port}.")
    say("nothing is left behind")
    with DemoProcess(folder, port=demo.port, settings="portal.settings") as again:
        say(f"started again in {again.seconds} s")
        if again.people != demo.people or again.seconds > 15:
            sys.exit("The second start is another one, or too slow.")
    forget(folder)


def log_in(url: str, person: Person) -> requests.Response:
    """The page that follows a login, with redirects followed as a browser does."""
    with requests.Session() as browser:
        form = browser.get(f"{url}/", timeout=30)
        token = re.search(r'name="csrfmiddlewaretoken"\s+value="([^"]+)"', form.text)
        if token is None:
            sys.exit(f"No login form on {form.url} (status {form.status_code}).")
        said = {"csrfmiddlewaretoken": token[1], "login": person.email, "password": person.password}
        return browser.post(form.url, said, headers={"Referer": form.url}, timeout=30)


def say(line: str) -> None:
    sys.stdout.write(f"smoke: {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
