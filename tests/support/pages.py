"""What a person perceives of a page, by role and name: headings, links, fields, notes, figures; never its markup.

    page = read(client.get("/a/…/payments/"))
    assert page.title == "Payments"
    assert page.section("November 2026").items[0].startswith("bank transfer")

Whatever is judged by figures or states is better read from `context(answer)`: words may be edited and translated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

# What htmx says when it asks for a part of a page.
FRAGMENT = {"HX-Request": "true", "HX-Current-URL": "http://testserver/"}

NOT_PERCEIVED = "script, style, template, [hidden], [aria-hidden=true]"
HEADINGS = "h1, h2, h3, h4"
FIELDS = "input:not([type=hidden]), select, textarea"


@dataclass(frozen=True)
class Link:
    name: str
    address: str


@dataclass(frozen=True)
class Button:
    name: str
    disabled: bool


@dataclass(frozen=True)
class Field:
    """What stands in a field: of a choice what was chosen, of a box "on" or nothing."""

    label: str
    name: str
    value: str
    error: str
    disabled: bool


class Page:
    """A whole page, or a part of one, with what is perceived in it from top to bottom."""

    def __init__(self, node: LexborNode, whole: LexborNode | None = None) -> None:
        self._node = node
        self._whole = whole or node

    @property
    def title(self) -> str:
        """The heading of the page; a page has one."""
        (heading,) = (words_of(node) for node in self._node.css("h1"))
        return heading

    @property
    def window_title(self) -> str:
        return "".join(words_of(node) for node in self._whole.css("head title"))

    @property
    def place(self) -> str:
        """The entry of the main menu that is marked as the current one, or nothing."""
        return "".join(words_of(node) for node in self._whole.css("nav.places a[aria-current]"))

    @property
    def words(self) -> str:
        """All text in the order of reading, with one space between words; of a whole page what is in `main`."""
        return words_of(self._node.css_first("main") or self._node)

    @property
    def headings(self) -> list[str]:
        return [words_of(node) for node in self._node.css(HEADINGS)]

    @property
    def links(self) -> list[Link]:
        return [Link(_name_of(node), _attribute(node, "href")) for node in self._node.css("a[href]")]

    @property
    def current(self) -> dict[str, str]:
        """Links that are marked as current, by name: "page" leads to this page, "true" to the place it lies in."""
        return {_name_of(node): _attribute(node, "aria-current") for node in self._node.css("a[aria-current]")}

    @property
    def buttons(self) -> list[Button]:
        return [
            Button(_name_of(node), "disabled" in node.attributes)
            for node in self._node.css("button, input[type=submit]")
        ]

    @property
    def fields(self) -> dict[str, Field]:
        """By label."""
        found = (self._field(node) for node in self._node.css(FIELDS) if _attribute(node, "type") != "submit")
        return {field.label: field for field in found}

    @property
    def notes(self) -> list[str]:
        """What the page tells of its own accord, such as a warning; those that are empty wait for something to tell."""
        return [
            words for node in self._node.css(":is([role=status], [role=alert], .note)") if (words := words_of(node))
        ]

    @property
    def items(self) -> list[str]:
        """The entries of its lists."""
        return [words_of(node) for node in self._node.css("li")]

    @property
    def pairs(self) -> dict[str, str]:
        """A definition list: what each term is said to be."""
        terms = [words_of(node) for node in self._node.css("dl dt")]
        return dict(zip(terms, (words_of(node) for node in self._node.css("dl dd")), strict=True))

    @property
    def rows(self) -> list[dict[str, str]]:
        """Of its only table: each row of the body by the headers of the columns."""
        (table,) = self._node.css("table")
        headers = [words_of(node) for node in table.css("thead th")]
        rows = [[words_of(cell) for cell in row.css("th, td")] for row in table.css("tbody tr")]
        return [dict(zip(headers, row, strict=True)) for row in rows]

    def link(self, name: str) -> str:
        """Where the link of that name leads; there is one, or all of them lead there."""
        addresses = {link.address for link in self.links if link.name == name}
        assert addresses, f"There is no link “{name}” among {[link.name for link in self.links]}."
        (address,) = addresses
        return address

    def section(self, name: str) -> Page:
        """The part of that name: a region by its label, or what follows a heading until the next of its rank."""
        for node in self._node.css("section, nav, form, fieldset, article, aside, table"):
            if _attribute(node, "aria-label") == name:
                return Page(node, self._whole)
        for node in self._node.css(HEADINGS):
            if words_of(node) == name:
                return Page(_part_below(node), self._whole)
        raise AssertionError(f"There is no part “{name}” with a label, and no such heading among {self.headings}.")

    def _field(self, node: LexborNode) -> Field:
        told_by = [self._whole.css_first(f"[id='{key}']") for key in _attribute(node, "aria-describedby").split()]
        errors = [words_of(said) for said in told_by if said and _attribute(said, "id").endswith("_error")]
        return Field(
            label=_attribute(node, "aria-label") or self._label(node),
            name=_attribute(node, "name"),
            value=_value_of(node),
            error=" ".join(errors),
            disabled="disabled" in node.attributes,
        )

    def _label(self, node: LexborNode) -> str:
        key = _attribute(node, "id")
        labels = self._whole.css(f"label[for='{key}']") if key else []
        return " ".join(words_of(label) for label in labels)


def read(answer: HttpResponse | Answer) -> Page:
    root = LexborHTMLParser(answer.content).root
    assert root is not None, "the answer is empty"
    for node in root.css(NOT_PERCEIVED):
        node.decompose()
    for picture in root.css("[role=img]"):
        picture.replace_with(_attribute(picture, "aria-label"))
    return Page(root)


def context(answer: Answer) -> dict[str, Any]:
    """What the view gave its templates."""
    given: Any = answer.context
    assert given is not None, f"The answer, of status {answer.status_code}, was made without a template."
    return {name: given[name] for name in given.keys()}  # noqa: SIM118  # a list of dictionaries


def addresses(answer: HttpResponse | Answer) -> set[str]:
    """Where the links of a page lead."""
    return {link.address for link in read(answer).links}


def words_of(node: LexborNode) -> str:
    """Its text with one space between words, and none before a comma or a full stop."""
    return re.sub(r" (?=[,.;:!?)])", "", " ".join(node.text(separator=" ").split()))


def _attribute(node: LexborNode, name: str) -> str:
    return node.attributes.get(name) or ""


def _name_of(node: LexborNode) -> str:
    """As assistive technology tells it: a label goes before the text, and a title is for what has neither."""
    return next(filter(None, (_attribute(node, "aria-label"), words_of(node), _attribute(node, "title"))), "")


def _value_of(node: LexborNode) -> str:
    if node.tag == "select":
        return ", ".join(words_of(option) for option in node.css("option[selected]"))
    if _attribute(node, "type") in ("checkbox", "radio"):
        return "on" if "checked" in node.attributes else ""
    return node.text().strip() if node.tag == "textarea" else _attribute(node, "value")


def _part_below(heading: LexborNode) -> LexborNode:
    """What the heading is for: the largest part of the page with no other heading of its rank, or what follows it."""
    part, above = heading, heading.parent
    while above and above.tag not in ("main", "body") and _of_rank(above, heading) == [heading.mem_id]:
        part, above = above, above.parent
    if part.mem_id != heading.mem_id:
        return part
    following = []
    beside = heading.next
    while beside and not _of_rank(beside, heading):
        following.append(beside.html or "")
        beside = beside.next
    body = LexborHTMLParser("".join(following)).body
    assert body is not None
    return body


def _of_rank(node: LexborNode, heading: LexborNode) -> list[int]:
    """The headings in it, itself included, that are of the same rank as that one, or of a higher one."""
    ranks = ", ".join(f"h{rank}" for rank in range(1, int(str(heading.tag)[1:]) + 1))
    return [found.mem_id for found in node.css(ranks)] if node.is_element_node else []
