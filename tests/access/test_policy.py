"""Every page in a real browser, with the Content Security Policy's violations counted: there is none.

`pytest tests/access/test_policy.py -rP` prints how many pages that were.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as portal
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Response, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.access.steps import account_steps, other_staff_steps, other_steps, staff_steps
from tests.access.walking import Step
from tests.access.world import World, build
from tests.support.chromium import CHROMIUM, QUIET
from tests.support.logins import PASSWORD

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]
COUNT = """document.addEventListener("securitypolicyviolation", event =>
    console.error("violation", event.violatedDirective, event.blockedURI, event.sourceFile || ""))"""
BREAK = """document.body.insertAdjacentHTML("beforeend", "<p style='color: red'>x</p>")"""
FRESH = "→account_reauthenticate"
OF_A_PASSKEY = ("mfa_edit_webauthn", "mfa_remove_webauthn")
# Files, and answers for programs.
NO_PAGES = ("batch_results", "calls_file", "export_file", "statement_pdf", "healthz", "readyz", "admin:jsi18n")


@pytest.fixture
def world(transactional_db: None, settings: Any) -> World:
    settings.PAYMENT_PROVIDER = "demo"
    return build()


@dataclass
class Watched:
    """One person's browser window, and what its pages were not allowed."""

    page: Page
    violations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.add_init_script(COUNT)
        self.page.on("console", self._console)

    def open(self, address: str) -> Response:
        answer = self.page.goto(address)
        assert answer is not None
        self.page.evaluate("0")  # whatever the page had to say until now has arrived
        return answer

    def _console(self, message: ConsoleMessage) -> None:
        if message.text.startswith("violation") or "Content Security Policy" in message.text:
            self.violations.append(f"{self.page.url}: {message.text}")


def test_no_page_asks_for_what_the_policy_forbids(world: World, live_server: LiveServer) -> None:
    steps = list(once_each(world))
    # Django does not speak to its database in a thread in which Playwright runs.
    sessions = {role: session_of(world, role) for role in {step.role for step in steps}}
    Authenticator.objects.filter(pk=world.passkey.pk).update(user=world.users["viewer"])
    unread: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        windows = {
            role: Watched(in_session(browser.new_context(), live_server.url, session).new_page())
            for role, session in sessions.items()
        }
        for step in steps:
            answer = windows[step.role].open(live_server.url + step.address)
            if answer.status != 200 or not is_html(answer):
                unread.append(f"{step.page} as {step.role}: {answer.status}")
        found = [violation for window in windows.values() for violation in window.violations]
        counted = windows["owner"]
        counted.page.evaluate(BREAK)
        counted.page.evaluate("0")
        is_counting = len(counted.violations) > 0
        browser.close()

    assert unread == []
    assert found == []
    assert is_counting
    sys.stdout.write(f"Content Security Policy: {len(steps)} pages in a browser, {len(found)} violations.\n")


def once_each(world: World) -> Iterator[Step]:
    """Each page that anybody gets to see, with the login that is fresh where it must be."""
    seen: set[str] = set()
    for step in (*account_steps(world), *other_steps(world), *staff_steps(world), *other_staff_steps()):
        fresh = "viewer" if step.page in OF_A_PASSKEY else "owner"
        is_shown = step.expected == "page" or (step.expected == FRESH and step.role == fresh)
        if step.method == "GET" and is_shown and not step.fragment and step.page not in {*seen, *NO_PAGES}:
            seen.add(step.page)
            yield step


def session_of(world: World, role: str) -> str:
    """The key of a session that has just shown its password; empty for who has none."""
    client = world.client(role)
    if role == "anonymous":
        return ""
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    return client.cookies[portal.SESSION_COOKIE_NAME].value


def in_session(context: BrowserContext, url: str, session: str) -> BrowserContext:
    if session:
        context.add_cookies([{"name": portal.SESSION_COOKIE_NAME, "value": session, "url": url}])
    return context


def is_html(answer: Response) -> bool:
    return answer.headers["content-type"].startswith("text/html")
