"""A passkey's whole life, with an authenticator that Chromium plays itself, under the Content Security Policy."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.walking import Walk

Walking = Callable[..., Walk]


def give_authenticator(page: Page) -> None:
    """One that knows its owner, as a phone knows a finger."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def add_passkey(person: Walk, *, alone: bool) -> None:
    person.open_security()
    person.page.get_by_role("link", name="Add a passkey").click()
    person.show_password()
    person.page.get_by_label("Name").fill("My phone")
    person.page.get_by_label("Log in with it alone").set_checked(alone)
    person.page.get_by_role("button", name="Continue").click()
    expect(person.page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    expect(person.page.locator(".codes li")).to_have_count(10)


def remove_passkey(person: Walk) -> None:
    person.open_security()
    person.page.get_by_role("link", name="Remove My phone").click()
    person.show_password()
    person.page.get_by_role("button", name="Remove it").click()
    expect(person.page.get_by_text("Passkey removed")).to_be_visible()
    expect(person.page.get_by_text("My phone")).to_have_count(0)


def test_a_passkey_is_registered_and_logs_in_by_itself(walk: Walking) -> None:
    customer = walk("customer")
    page = customer.page
    give_authenticator(page)
    customer.log_in()
    add_passkey(customer, alone=True)
    customer.photograph("security-codes-desktop-light")
    customer.open_security()
    expect(page.get_by_text("My phone")).to_be_visible()
    customer.photograph("security-with-passkey-desktop-light")
    customer.log_out()

    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url(re.compile(r"/a/\w+/$"))
    remove_passkey(customer)


def test_a_passkey_is_asked_for_after_the_password(walk: Walking) -> None:
    customer = walk("customer")
    page = customer.page
    give_authenticator(page)
    customer.log_in()
    add_passkey(customer, alone=False)
    customer.log_out()

    page.get_by_label("Email").fill(customer.person.email)
    page.get_by_label("Password", exact=True).fill(customer.person.password)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    customer.photograph("security-second-step-desktop-light")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(re.compile(r"/a/\w+/$"))
    remove_passkey(customer)


def test_a_passkey_that_is_not_there_is_a_calm_line(walk: Walking) -> None:
    visitor = walk("customer")
    give_authenticator(visitor.page)
    visitor.page.goto(f"{visitor.url}/account/login/")
    visitor.page.get_by_role("button", name="Log in with a passkey").click()
    expect(visitor.page.get_by_text("The passkey was not used")).to_be_visible()


@pytest.mark.parametrize("path", ["/account/login/", "/account/2fa/webauthn/add/"])
def test_without_javascript_no_passkey_is_offered(walk: Walking, path: str) -> None:
    customer = walk("customer", java_script_enabled=False)
    if path != "/account/login/":
        customer.log_in()
    customer.page.goto(customer.url + path)
    customer.show_password()
    for name in ("Log in with a passkey", "Continue"):
        expect(customer.page.get_by_role("button", name=name)).to_have_count(0)
