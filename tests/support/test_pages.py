from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.support.pages import Button, Field, Link, Page, context, read

PAGE = """
<!DOCTYPE html>
<html>
    <head><title>Top up · Portal</title><style>h1 { color: red }</style></head>
    <body>
        <header>
            <nav class="places" aria-label="Main">
                <a href="/calls/">Calls</a>
                <a href="/payments/" aria-current="page"><svg aria-hidden="true"><title>coin</title></svg>Payments</a>
            </nav>
        </header>
        <main>
            <h1>Top <b>up</b></h1>
            <p class="note" role="status"><b>$50.00 is being checked</b>, please wait.</p>
            <p role="alert">Nothing was sent.</p>
            <p id="said" role="status"></p>
            <p hidden>Not yet.</p>
            <section aria-label="Balance">
                <dl><div><dt>Balance</dt><dd>$5.00<small>USD</small></dd></div><div><dt>Today</dt><dd>$1.00</dd></div></dl>
                <svg role="img" aria-label="Two days proven"><title>1 May</title></svg>
            </section>
            <h2>May</h2>
            <ul><li>Rent <span>$3.00</span></li><li>Call</li></ul>
            <h2>April</h2>
            <ul><li>Gift</li></ul>
            <section><header><h2>Days</h2> <a href="/all/">All</a></header>
                <table>
                    <thead><tr><th>Day</th><th>Cost</th></tr></thead>
                    <tbody><tr><th>1 May</th><td>$1</td></tr><tr><th>2 May</th><td>$2</td></tr></tbody>
                </table>
            </section>
            <form aria-label="Amount">
                <input type="hidden" name="key" value="x">
                <label for="id_amount">Amount</label>
                <input id="id_amount" name="amount" value="abc" aria-describedby="id_amount_error id_amount_helptext">
                <p id="id_amount_error">Enter a number.</p><p id="id_amount_helptext">In dollars.</p>
                <label for="id_kind">Kind</label>
                <select id="id_kind" name="kind"><option>CSV</option><option selected>Excel</option></select>
                <label for="id_note">Note</label><textarea id="id_note" name="note">Thanks</textarea>
                <input type="checkbox" id="id_again" name="again" checked disabled><label for="id_again">Again</label>
                <button aria-label="Send the top-up">Send</button> <button disabled>Later</button>
            </form>
        </main>
    </body>
</html>
"""


@pytest.fixture
def page() -> Page:
    return read(HttpResponse(PAGE))


def test_a_page_has_a_title_a_place_in_the_menu_and_headings(page: Page) -> None:
    assert page.title == "Top up"
    assert page.window_title == "Top up · Portal"
    assert page.place == "Payments"
    assert page.current == {"Payments": "page"}
    assert page.headings == ["Top up", "May", "April", "Days"]


def test_words_are_those_that_can_be_read_within_the_content(page: Page) -> None:
    assert page.words.startswith("Top up $50.00 is being checked, please wait. Nothing was sent. Balance $5.00 USD")
    assert "Two days proven May Rent $3.00" in page.words
    for unseen in ("Not yet", "color", "1 May May", "Calls"):
        assert unseen not in page.words


def test_links_and_buttons_are_found_by_name(page: Page) -> None:
    assert Link("Payments", "/payments/") in page.links
    assert page.link("All") == "/all/"
    assert page.buttons == [Button("Send the top-up", disabled=False), Button("Later", disabled=True)]
    with pytest.raises(AssertionError, match="no link “Other”"):
        page.link("Other")


def test_fields_are_found_by_label_with_what_they_hold_and_what_is_wrong(page: Page) -> None:
    assert list(page.fields) == ["Amount", "Kind", "Note", "Again"]
    assert page.fields["Amount"] == Field("Amount", "amount", "abc", "Enter a number.", disabled=False)
    assert [page.fields[label].value for label in ("Kind", "Note", "Again")] == ["Excel", "Thanks", "on"]
    assert page.fields["Again"].disabled


def test_notes_are_told_where_there_is_something_to_tell(page: Page) -> None:
    assert page.notes == ["$50.00 is being checked, please wait.", "Nothing was sent."]


def test_definitions_are_pairs_and_tables_are_rows_by_column(page: Page) -> None:
    assert page.pairs == {"Balance": "$5.00 USD", "Today": "$1.00"}
    assert page.rows == [{"Day": "1 May", "Cost": "$1"}, {"Day": "2 May", "Cost": "$2"}]


def test_a_part_is_found_by_its_label_or_by_its_heading(page: Page) -> None:
    assert page.section("Balance").pairs["Today"] == "$1.00"
    assert page.section("May").items == ["Rent $3.00", "Call"]
    assert page.section("April").items == ["Gift"]
    assert page.section("Days").links == [Link("All", "/all/")]
    assert page.section("Amount").fields["Amount"].error == "Enter a number."
    with pytest.raises(AssertionError, match="no part “June”"):
        page.section("June")


@pytest.mark.django_db
def test_the_context_is_what_the_view_gave(client: Client) -> None:
    answer = client.get("/account/login/")
    assert "login" in context(answer)["form"].fields
    with pytest.raises(AssertionError, match="of status 302"):
        context(client.get("/"))
