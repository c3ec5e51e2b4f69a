"""A statement as a PDF. The same lines give the same bytes."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from functools import cache
from typing import Literal, cast

from django.conf import settings
from django.utils.translation import get_language, gettext
from typst import Compiler, Fonts, TypstError

from billing.statements.views.document import Document

logger = logging.getLogger(__name__)

TEMPLATE = settings.BASE_DIR / "templates" / "statements" / "statement.typ"
# PDF/UA can be read by everyone, also by ear. It demands that every letter can be shown.
ACCESSIBLE: list[Literal["ua-1"]] = ["ua-1"]


def pdf_of(document: Document) -> bytes:
    """Print a document. Its texts come to the template as data, so that nothing in them is markup."""
    try:
        return _print(document, ACCESSIBLE)
    except TypstError:
        logger.warning("Letters of the statement of %s are in no font of typst's, nor of PDF_FONTS", document.number)
    return _print(document, [], lacks_letters=True)


def _print(document: Document, standards: list[Literal["ua-1"]], *, lacks_letters: bool = False) -> bytes:
    compiler = Compiler(
        TEMPLATE,
        root=TEMPLATE.parent,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={
            "statement": json.dumps(asdict(document) | {"lacks_letters": lacks_letters}),
            "words": json.dumps(_words(document)),
        },
    )
    return cast(bytes, compiler.compile(format="pdf", pdf_standards=[*standards]))


def _words(document: Document) -> dict[str, str]:
    """What the template says of its own, in the reader's language; it fills in `{page}` and `{pages}` itself."""
    return {
        "language": (get_language() or settings.LANGUAGE_CODE).partition("-")[0],
        "title": gettext("Statement of %(month)s") % {"month": document.month},
        "page": gettext("Page {page} of {pages}"),
        "amounts": gettext("Amounts in %(currency)s") % {"currency": document.currency},
        "calendar": gettext("Days and times of %(calendar)s") % {"calendar": document.calendar},
        "lacks_letters": gettext(
            "Some letters, such as of a name, cannot be printed here. The same statement at the portal shows them."
        ),
        "balance": gettext("How the balance came about, %(days)s") % {"days": document.explained},
        "payments": gettext("Payments and other charges"),
        "time": gettext("Time"),
        "what": gettext("What"),
        "amount": gettext("Amount"),
        "balance_after": gettext("Balance after"),
        "calls_by_day": gettext("Calls by day"),
        "day": gettext("Day"),
        "checked": gettext("Checked"),
        "calls": gettext("Calls"),
        "talked": gettext("Talked"),
        "billed": gettext("Billed"),
        "cost": gettext("Cost"),
    }


@cache
def _fonts() -> Fonts:
    """The fonts that come with typst, for Latin, Greek and Cyrillic, and the operator's for other scripts."""
    return Fonts(include_system_fonts=False, font_paths=[settings.PDF_FONTS] if settings.PDF_FONTS else [])
