"""What staff perceive of a staff page, by the names of fields and columns, which no translation changes.

assert facts(client.get(page_of(call)))["level"].words == "international (5)"
assert [row["day"].words for row in listed(client.get(list_of(CallDay)))] == ["18 Nov 2026"]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tests.support.pages import Page, context

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer


def facts(answer: Answer) -> dict[str, Page]:
    """What the page of one row says in each field that cannot be changed there."""
    fields = (field for fieldset in context(answer)["adminform"] for line in fieldset for field in line)
    return {field.field["name"]: _part(str(field.contents())) for field in fields if field.is_readonly}


def listed(answer: Answer) -> list[dict[str, Page]]:
    """The rows of a list, each with what stands in its columns."""
    rows = LexborHTMLParser(answer.content).css("#result_list tbody tr")
    return [{name: Page(cell) for cell in row.css("th, td") if (name := _column(cell))} for row in rows]


def messages(answer: Answer) -> list[tuple[str, str]]:
    """The level and the words of each message at the top of the page."""
    return [(message.level_tag, str(message)) for message in context(answer)["messages"]]


def _part(markup: str) -> Page:
    body = LexborHTMLParser(f"<body>{markup}</body>").body
    assert body is not None
    return Page(body)


def _column(cell: LexborNode) -> str:
    """The name that Django's admin gives a cell as its class; a box to choose the row by has none."""
    names = (cell.attributes.get("class") or "").split()
    return next((name.removeprefix("field-") for name in names if name.startswith("field-")), "")
