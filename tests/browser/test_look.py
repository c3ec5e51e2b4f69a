"""Every page at two widths and in both themes: nothing is cut off, and pictures are left for people to judge."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.walking import Walk

WINDOWS = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
PLACES = {"customer": ("Overview", "Calls", "Payments"), "reseller": ("Overview", "Customers")}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("window", list(WINDOWS))
@pytest.mark.parametrize("role", list(PLACES))
def test_every_page_fits_its_window(walk: Callable[..., Walk], role: str, window: str, theme: str) -> None:
    person = walk(role, viewport=WINDOWS[window], color_scheme=theme)
    person.come_back()
    for place in PLACES[role]:
        person.open(place)
        person.photograph(f"{role}-{place.lower()}-{window}-{theme}")
        assert not person.is_wider_than_the_window()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("window", list(WINDOWS))
@pytest.mark.parametrize("role", list(PLACES))
def test_how_a_balance_came_about_fits_its_window(
    walk: Callable[..., Walk], role: str, window: str, theme: str
) -> None:
    person = walk(role, viewport=WINDOWS[window], color_scheme=theme)
    person.come_back()
    person.page.get_by_role("link", name="How it came about").click()
    person.page.get_by_role("link", name="Yesterday").click()
    expect(person.page.locator(".rows.ledger > li")).to_have_count(1)
    assert not person.is_wider_than_the_window()
    person.page.get_by_role("link", name="30 days").click()
    expect(person.page.get_by_text("✓ explained").nth(20)).to_be_visible()
    assert not person.is_wider_than_the_window()
    # Last: for a picture Playwright writes style attributes into inputs, which htmx would then copy.
    person.photograph(f"{role}-balance-{window}-{theme}")


@pytest.mark.parametrize("window", list(WINDOWS))
def test_a_statement_fits_its_window_and_comes_as_a_file(walk: Callable[..., Walk], window: str) -> None:
    person = walk("customer", viewport=WINDOWS[window])
    person.come_back()
    person.open("Payments")
    person.page.get_by_role("link", name="Statements").click()
    expect(person.page.get_by_role("heading", name="Statements")).to_be_visible()
    assert not person.is_wider_than_the_window()
    person.photograph(f"statements-{window}-light")
    person.page.locator(".rows.months a").last.click()
    expect(person.page.get_by_role("heading", level=1)).to_contain_text("Statement of")
    assert not person.is_wider_than_the_window()
    person.photograph(f"statement-{window}-light")
    with person.page.expect_download() as waiting:
        person.page.get_by_role("link", name="Download as PDF").click()
    assert re.fullmatch(r"statement-A-20417-\d{4}-\d{2}\.pdf", waiting.value.suggested_filename)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("window", list(WINDOWS))
def test_the_security_pages_fit_their_window(walk: Callable[..., Walk], window: str, theme: str) -> None:
    person = walk("customer", viewport=WINDOWS[window], color_scheme=theme)
    person.come_back()
    person.open_security()
    person.photograph(f"security-{window}-{theme}")
    assert not person.is_wider_than_the_window()
    for name, link in {"app": "Set up an app", "passkey": "Add a passkey"}.items():
        person.page.get_by_role("link", name=link).click()
        person.show_password()
        expect(person.page.get_by_role("heading", level=1)).to_contain_text(re.compile("app|passkey"))
        person.photograph(f"security-{name}-{window}-{theme}")
        assert not person.is_wider_than_the_window()
        person.open_security()


def test_a_large_top_up_fits_a_phone(walk: Callable[..., Walk]) -> None:
    reseller = walk("reseller", viewport=WINDOWS["phone"])
    reseller.come_back()
    reseller.open("Customers")
    reseller.page.get_by_role("link", name="Top up Harbour Dental Ltd").click()
    reseller.page.get_by_label("Amount").fill("1000.12")
    reseller.page.get_by_role("button", name="Continue").click()
    reseller.photograph("topup-fresh-login-phone-light")
    reseller.show_password()
    expect(reseller.page.get_by_role("heading", name="Confirm the top-up")).to_be_visible()
    names = reseller.page.locator(".moves dt").evaluate_all("names => names.map(name => name.clientWidth)")
    assert min(names) >= 100
    assert not reseller.is_wider_than_the_window()
    reseller.page.get_by_role("button", name="Top up $1,000.12").click()
    reseller.page.wait_for_url(re.compile("/topups/"))
    expect(reseller.page.get_by_role("heading", name="Receipt")).to_be_visible()
    reseller.photograph("topup-phone-light")
    assert not reseller.is_wider_than_the_window()


@pytest.mark.parametrize("window", list(WINDOWS))
def test_the_same_top_up_again_must_be_meant(walk: Callable[..., Walk], window: str) -> None:
    reseller = walk("reseller", viewport=WINDOWS[window], color_scheme="dark")
    reseller.come_back()
    page, amount = reseller.page, {"desktop": "1.25", "phone": "1.26"}[window]
    reseller.open("Customers")
    for is_again in (False, True):
        if is_again:
            page.get_by_role("link", name="Back to your customers").click()
        page.get_by_role("link", name="Top up Harbour Dental Ltd").click()
        page.get_by_label("Amount").fill(amount)
        page.get_by_role("button", name="Continue").click()
        if is_again:
            reseller.photograph(f"topup-again-{window}-dark")
            assert not reseller.is_wider_than_the_window()
            page.get_by_label("Yes, I mean another one").check()
        page.get_by_role("button", name=f"Top up ${amount}").click()
        expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    reseller.photograph(f"topup-receipt-{window}-dark")
    assert not reseller.is_wider_than_the_window()
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.emulate_media(media="print")
    reseller.photograph(f"topup-printed-{window}")


def test_a_voucher_card_fits_a_phone(walk: Callable[..., Walk]) -> None:
    reseller = walk("reseller", viewport=WINDOWS["phone"], color_scheme="dark")
    reseller.come_back()
    reseller.open("Customers")
    reseller.page.get_by_role("link", name="Top up Harbour Dental Ltd").click()
    reseller.page.get_by_role("link", name="Voucher card").click()
    expect(reseller.page.get_by_role("heading", name="Pay in a voucher card")).to_be_visible()
    reseller.photograph("voucher-phone-dark")
    assert not reseller.is_wider_than_the_window()
    reseller.page.get_by_label("Card number").fill("90000006")
    reseller.page.get_by_label("Password of the card").fill("4106")
    reseller.page.get_by_role("button", name="Continue").click()
    expect(reseller.page.get_by_role("heading", name="Confirm the voucher card")).to_be_visible()
    reseller.photograph("voucher-confirm-phone-dark")
    assert not reseller.is_wider_than_the_window()


def test_a_long_name_without_a_space_fits_a_phone(walk: Callable[..., Walk]) -> None:
    reseller = walk("reseller", viewport=WINDOWS["phone"])
    reseller.come_back()
    reseller.open("Customers")
    reseller.page.locator(".rows .title").first.evaluate("title => { title.textContent = 'W'.repeat(80) }")
    assert not reseller.is_wider_than_the_window()


@pytest.mark.parametrize("window", list(WINDOWS))
def test_the_labels_of_a_chart_stand_below_their_bars(walk: Callable[..., Walk], window: str) -> None:
    customer = walk("customer", viewport=WINDOWS[window])
    customer.come_back()
    customer.open("Calls")
    page, today = customer.page, timezone.now().date()
    middles = "marks => marks.map(mark => mark.getBoundingClientRect()).map(box => box.left + box.width / 2)"
    for days in (2, 7, 30):
        page.goto(f"{page.url.partition('?')[0]}?from={today - timedelta(days=days - 1)}&to={today}")
        slots = page.locator(".chart .slot:not(.gap)").evaluate_all(middles)
        labels = page.locator(".chart .x text").evaluate_all(middles)
        assert len(slots) == days
        step = -(-days // len(labels))
        assert labels == pytest.approx(slots[::-step][::-1], abs=1)
        assert not customer.is_wider_than_the_window()


def test_the_call_filters_fit_the_smallest_phone(walk: Callable[..., Walk]) -> None:
    customer = walk("customer", viewport={"width": 320, "height": 568})
    customer.come_back()
    customer.open("Calls")
    assert not customer.is_wider_than_the_window()


def test_the_labels_of_months_stand_apart_on_the_smallest_phone(walk: Callable[..., Walk]) -> None:
    reseller = walk("reseller", viewport={"width": 320, "height": 568})
    reseller.come_back()
    reseller.open("Customers")
    page, today = reseller.page, timezone.now().date()
    address = page.get_by_role("link", name="Omar Rahman", exact=True).get_attribute("href")
    first = today.replace(year=today.year - 1, day=28) + timedelta(days=5)
    page.goto(f"{reseller.url}{address}calls/?from={first}&to={today}")
    expect(page.get_by_role("heading", name="Cost per month")).to_be_visible()
    edges = "labels => labels.map(label => label.getBoundingClientRect()).map(box => [box.left, box.right])"
    labels = page.locator(".chart .x text").evaluate_all(edges)
    assert len(labels) > 1
    assert all(later[0] > earlier[1] for earlier, later in pairwise(labels))
    assert not reseller.is_wider_than_the_window()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("window", list(WINDOWS))
def test_the_pages_before_the_login_fit_too(walk: Callable[..., Walk], window: str, theme: str) -> None:
    visitor = walk("customer", viewport=WINDOWS[window], color_scheme=theme)
    for name, place in {"login": "login/", "reset": "password/reset/", "sent": "password/reset/done/"}.items():
        visitor.page.goto(f"{visitor.url}/account/{place}")
        visitor.photograph(f"{name}-{window}-{theme}")
        assert not visitor.is_wider_than_the_window()


def test_no_list_of_the_staff_site_is_cut_off_on_a_desktop(walk: Callable[..., Walk]) -> None:
    operator = walk("operator", viewport=WINDOWS["desktop"])
    operator.come_back()
    for name in ("accounts/account", "accounts/auditentry", "balances/payment", "calls/callday"):
        operator.page.goto(f"{operator.url}/staff/{name}/")
        cut_off = "results => results.some(list => list.scrollWidth > list.clientWidth)"
        assert not operator.page.locator(".results").evaluate_all(cut_off), name
        operator.photograph(f"operator-{name.replace('/', '-')}-desktop-light")
