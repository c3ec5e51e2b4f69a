from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Cookie, Error, Page, Response, expect

from tests.support.demo import Person

expect.set_options(timeout=15_000)
# The cookies of people who have logged in, by role.
Sessions = dict[str, list[Cookie]]
HOME = re.compile(r"/(a/\w+|staff)/$")
SCREENSHOTS = Path(__file__).resolve().parent.parent / "screenshots"


@dataclass
class Walk:
    """One person in one browser window. `complaints` is what the browser or the portal did not like on the way."""

    page: Page
    url: str
    person: Person
    sessions: Sessions
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(15_000)
        self.page.on("console", self._console)
        self.page.on("pageerror", self._error)
        self.page.on("response", self._response)

    def log_in(self) -> None:
        self.page.goto(f"{self.url}/")
        expect(self.page.get_by_role("heading", name="Log in")).to_be_visible()
        self.page.get_by_label("Email").fill(self.person.email)
        self.page.get_by_label("Password", exact=True).fill(self.person.password)
        self.page.get_by_role("button", name="Log in", exact=True).click()
        self.page.wait_for_url(HOME)

    def come_back(self) -> None:
        """Still logged in from an earlier walk, where there was one: for tests of what comes after the login."""
        if known := self.sessions.get(self.person.role):
            self.page.context.add_cookies(
                [{"name": cookie["name"], "value": cookie["value"], "url": self.url} for cookie in known]
            )
            self.page.goto(f"{self.url}/")
            self.page.wait_for_url(HOME)
        else:
            self.log_in()
            self.sessions[self.person.role] = self.page.context.cookies()

    def log_out(self) -> None:
        self.page.locator("[popovertarget=menu]").click()
        self.page.get_by_role("button", name="Log out", exact=True).click()
        expect(self.page.get_by_role("heading", name="Log in")).to_be_visible()

    def open_security(self) -> None:
        self.page.locator("[popovertarget=menu]").click()
        self.page.locator("#menu").get_by_role("link", name="Security").click()
        expect(self.page.get_by_role("heading", name="Security")).to_be_visible()

    def show_password(self) -> None:
        """Where the portal asks for it once more; it does not within minutes of the last time."""
        expect(self.page.get_by_role("heading", level=1)).not_to_have_text("Security")
        if self.page.get_by_role("heading", name="Is it you?").is_visible():
            self.page.get_by_label("Password", exact=True).fill(self.person.password)
            self.page.get_by_role("button", name="Continue").click()

    def open(self, place: str) -> None:
        """A place named in the bar, or the tabs of a phone."""
        self.page.get_by_role("navigation", name="Main").get_by_role("link", name=place).click()
        expect(self.page.get_by_role("link", name=place).first).to_have_attribute("aria-current", "page")

    def photograph(self, name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def is_wider_than_the_window(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))

    def _console(self, message: ConsoleMessage) -> None:
        # Chromium reports each answer of 400 and above here too; those are taken up in _response.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def _error(self, error: Error) -> None:
        self.complaints.append(str(error))

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} {response.url}")
