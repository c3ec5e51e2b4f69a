"""The main path of each of the three people, as they walk it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.walking import Walk

Walking = Callable[..., Walk]
TOPPED_UP = re.compile(r"/topups/TU-[0-9A-Z]{10}/$")


def test_a_customer_looks_at_balance_calls_and_payments(walk: Walking) -> None:
    customer = walk("customer")
    customer.log_in()
    page = customer.page
    expect(page.get_by_text("You can spend")).to_be_visible()
    expect(page.locator("#balance .amount")).to_contain_text("$")
    expect(page.locator("#balance time").first).to_contain_text(re.compile("ago|just now"))

    customer.open("Calls")
    page.get_by_label("Called number", exact=True).fill("86")
    page.get_by_role("combobox", name="Calls", exact=True).select_option("Answered")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url(re.compile("callee=86&answered=yes"))
    expect(page.locator(".rows.calls .failed")).to_have_count(0)
    numbers = page.locator(".rows.calls .to > .num").all_inner_texts()
    assert numbers
    assert all(number.startswith("86") for number in numbers)
    page.go_back()
    expect(page.get_by_label("Called number", exact=True)).to_have_value("")

    customer.open("Payments")
    expect(page.locator(".rows.money li").first).to_contain_text("$")
    customer.log_out()


def test_a_call_tells_why_it_cost_that_as_soon_as_its_rates_are_read(walk: Walking) -> None:
    customer = walk("customer")
    customer.log_in()
    customer.open("Calls")
    page = customer.page
    page.get_by_role("combobox", name="Calls", exact=True).select_option("Answered")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url(re.compile("answered=yes"))
    page.locator(".rows.calls .to a").first.click()
    expect(page.get_by_role("heading", name="Why it cost that")).to_be_visible()
    expect(page.locator("#price")).to_contain_text(re.compile("The rate gives exactly what"), timeout=30_000)
    customer.photograph("call-desktop-light")
    page.set_viewport_size({"width": 390, "height": 844})
    assert not customer.is_wider_than_the_window()


@pytest.mark.parametrize("with_javascript", [True, False])
def test_a_file_of_calls_is_prepared_while_one_looks_on_and_then_downloaded(
    walk: Walking, with_javascript: bool
) -> None:
    customer = walk("customer", java_script_enabled=with_javascript)
    customer.log_in()
    page = customer.page
    customer.open("Calls")
    page.get_by_role("link", name="Prepared files").click()
    page.get_by_role("button", name="Prepare XLSX").click()
    # The page looks by itself, or is loaded again by itself.
    download = page.get_by_role("link", name="Download")
    expect(download).to_be_visible(timeout=30_000)
    customer.photograph(f"export-desktop-light{'' if with_javascript else '-plain'}")
    with page.expect_download() as file:
        download.click()
    assert file.value.suggested_filename.endswith(".xlsx")
    assert file.value.path().read_bytes().startswith(b"PK")
    page.get_by_role("button", name="Remove the file").click()
    expect(page.get_by_text("The file is no longer kept.")).to_be_visible()


def test_a_page_that_completes_itself_takes_nothing_away_that_is_being_typed(walk: Walking) -> None:
    customer = walk("customer")
    customer.log_in()
    page = customer.page
    today = timezone.now().date()
    page.goto(f"{page.url}calls/?from={today - timedelta(days=85)}&to={today - timedelta(days=45)}")
    number = page.get_by_label("Called number", exact=True)
    number.fill("86")
    page.get_by_text("More filters").click()
    expect(page.get_by_text("More calls have come in.")).to_be_visible(timeout=30_000)
    expect(number).to_have_value("86")
    number.fill("")
    # Nothing is being typed any more: the list is read again by itself, and what was opened stays open.
    expect(page.get_by_text("More calls have come in.")).to_be_hidden()
    expect(page.get_by_label("Destination")).to_be_visible()
    expect(page.locator("#said")).to_contain_text("All days are here", timeout=30_000)


def test_on_a_phone_filters_are_folded_up_until_the_reader_wants_them(walk: Walking) -> None:
    customer = walk("customer", viewport={"width": 390, "height": 844})
    customer.log_in()
    customer.open("Calls")
    page = customer.page
    number = page.get_by_label("Called number", exact=True)
    filters = page.get_by_text("Filters:")
    expect(number).to_be_hidden()
    filters.click()
    number.fill("86")
    page.get_by_role("button", name="Show").click()
    expect(filters).to_contain_text("Called number begins with 86")
    expect(number).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(number).to_be_visible()
    expect(filters).to_be_hidden()
    # Few browsers can show what is within something folded up.
    expect(page.locator("details:not([open]) #show")).to_have_count(0)


def test_a_reader_who_does_not_see_the_list_change_is_told(walk: Walking) -> None:
    customer = walk("customer", viewport={"width": 390, "height": 844})
    customer.log_in()
    customer.open("Calls")
    page, said = customer.page, customer.page.get_by_role("status").and_(customer.page.locator("#said"))
    expect(said).to_have_text("")
    page.locator(".endless").scroll_into_view_if_needed()
    expect(said).to_have_text("50 more calls")
    page.get_by_role("link", name="7 days").click()
    expect(said).to_have_text(re.compile(r"^\d+ calls$"))
    page.get_by_text("Filters:").click()
    page.get_by_label("Called number", exact=True).fill("99999")
    page.get_by_role("button", name="Show").click()
    expect(said).to_have_text("No calls")


def test_a_person_who_uses_the_keyboard_stays_where_they_were_when_the_list_changes(walk: Walking) -> None:
    customer = walk("customer")
    customer.log_in()
    customer.open("Calls")
    page = customer.page
    for name in ("Show", "7 days", "30 days"):
        pressed = page.locator("#history").get_by_text(name, exact=True)
        page.locator("#history").evaluate("element => element.dataset.before = ''")
        pressed.press("Enter")
        expect(page.locator("#history[data-before]")).to_have_count(0)
        expect(pressed).to_be_focused()


def test_a_filter_that_cannot_be_read_is_told_beside_its_field(walk: Walking) -> None:
    customer = walk("customer")
    customer.log_in()
    customer.open("Calls")
    customer.page.get_by_label("Called number", exact=True).fill("86/139")
    customer.page.get_by_role("button", name="Show").click()
    expect(customer.page.locator(".field .wrong")).to_contain_text("A number has letters, digits")
    expect(customer.page.locator(".rows.calls li").first).to_be_visible()


def test_a_reseller_tops_up_a_customer_and_sees_it_confirmed(walk: Walking) -> None:
    reseller = walk("reseller")
    reseller.log_in()
    page = reseller.page
    reseller.open("Customers")
    page.get_by_label("Name or number").fill("Harbour")
    page.get_by_role("button", name="Find").click()
    page.wait_for_url(re.compile("text=Harbour"))
    page.get_by_role("link", name="Top up Harbour Dental Ltd").click()

    page.get_by_label("Amount").fill("1e3")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".field .wrong")).to_contain_text("in digits")
    page.get_by_label("Amount").fill("12.34")
    page.get_by_label("Note").fill("Invoice 1042")
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("heading", name="Confirm the top-up")).to_be_visible()
    expect(page.locator(".moves > div")).to_have_count(2)
    reseller.photograph("topup-confirm-desktop-light")
    page.get_by_role("button", name="Top up $12.34").click()
    page.wait_for_url(TOPPED_UP)
    expect(page.get_by_text("It is there.")).to_be_visible(timeout=30_000)
    reseller.photograph("topup-desktop-light")


def test_a_customer_pays_in_a_voucher_card_and_sees_it_confirmed(walk: Walking) -> None:
    customer = walk("customer")
    customer.log_in()
    page = customer.page
    page.get_by_role("link", name="Top up").click()
    expect(page.get_by_role("heading", name="Pay in a voucher card")).to_be_visible()
    page.get_by_label("Card number").fill("9000 0005")
    page.get_by_label("Password of the card").fill("0000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no card with this number and password.")
    expect(page.get_by_label("Card number")).to_have_value("")
    customer.photograph("voucher-wrong-desktop-light")
    page.get_by_label("Card number").fill("9000 0005")
    page.get_by_label("Password of the card").fill("4105")
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("heading", name="Confirm the voucher card")).to_be_visible()
    customer.photograph("voucher-confirm-desktop-light")
    page.get_by_role("button", name="Pay in $20.00").click()
    page.wait_for_url(TOPPED_UP)
    expect(page.get_by_text("It is there.")).to_be_visible(timeout=30_000)
    customer.photograph("voucher-paid-desktop-light")


@pytest.mark.parametrize("place", ["", "calls/", "payments/"])
def test_support_looks_at_a_customers_pages_and_cannot_pay(walk: Walking, place: str) -> None:
    customer, support = walk("customer"), walk("support")
    customer.log_in()
    address = customer.page.url
    support.log_in()
    expect(support.page).to_have_url(re.compile("/staff/$"))
    support.page.goto(address + place)
    expect(support.page.get_by_text("Read-only, your look is recorded")).to_be_visible()
    expect(support.page.get_by_role("link", name="Top up")).to_have_count(0)
    answer = support.page.goto(address + "topup/")
    assert answer is not None
    assert answer.status == 404


def test_a_reseller_pays_many_at_once_from_a_file(walk: Walking) -> None:
    reseller = walk("reseller")
    reseller.log_in()
    page = reseller.page
    reseller.open("Customers")
    page.get_by_role("link", name="Top up many at once").click()
    text = "account;amount;note\nA-20418;1,35;Invoice 1\nA-20419;2,50;\nA-NOBODY;1;\nA-20419;1,234;\n"
    page.get_by_label("CSV file").set_input_files(
        {"name": "november.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("2 of 4 lines cannot be paid.")).to_be_visible()
    page.get_by_role("link", name="Marked 2").click()
    expect(page.locator(".rows.lines > li")).to_have_count(2)
    expect(page.locator(".rows.lines").get_by_text("1,234 is not clear")).to_be_visible()
    page.get_by_role("button", name="Pay $3.85 in 2 top-ups").click()
    expect(page.get_by_text("4 of 4 lines have ended.")).to_be_visible(timeout=60_000)
    expect(page.locator(".rows.lines").get_by_role("link", name="confirmed")).to_have_count(2)
    reseller.photograph("batch-desktop-light")


def test_everything_works_without_javascript(walk: Walking) -> None:
    reseller = walk("reseller", java_script_enabled=False)
    reseller.log_in()
    page = reseller.page
    reseller.open("Customers")
    page.get_by_role("link", name="Top up Café São Jorge").click()
    page.get_by_label("Amount").fill("5")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Top up $5.00").click()
    page.wait_for_url(TOPPED_UP)
    # The page reloads itself; there is also a link to do so.
    expect(page.get_by_text("It is there.")).to_be_visible(timeout=30_000)


def test_a_form_after_logging_out_leads_to_the_login_and_back(walk: Walking) -> None:
    reseller = walk("reseller")
    reseller.log_in()
    page = reseller.page
    reseller.open("Customers")
    page.get_by_role("link", name="Top up Omar Rahman").click()
    address = page.url
    page.get_by_label("Amount").fill("5")
    page.context.clear_cookies()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.get_by_label("Email").fill(reseller.person.email)
    page.get_by_label("Password", exact=True).fill(reseller.person.password)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(address)
