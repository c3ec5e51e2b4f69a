"""A statement as a PDF: the same lines give the same bytes."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from functools import cache
from typing import Literal, cast

from django.conf import settings
from typst import Compiler, Fonts, TypstError

from billing.statements.views.document import Document

logger = logging.getLogger(__name__)

TEMPLATE = settings.BASE_DIR / "templates" / "statements" / "statement.typ"
# For everybody to read, also with their ears. It demands that every letter can be shown.
ACCESSIBLE: list[Literal["ua-1"]] = ["ua-1"]


def pdf_of(document: Document) -> bytes:
    """Its texts come to the template as data, so that nothing in them is markup."""
    try:
        return _set(document, ACCESSIBLE)
    except TypstError:
        logger.warning("Letters of the statement of %s are in no font of typst's, nor of PDF_FONTS", document.number)
    return _set(document, [], lacks_letters=True)


def _set(document: Document, standards: list[Literal["ua-1"]], *, lacks_letters: bool = False) -> bytes:
    compiler = Compiler(
        TEMPLATE,
        root=TEMPLATE.parent,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"statement": json.dumps(asdict(document) | {"lacks_letters": lacks_letters})},
    )
    return cast(bytes, compiler.compile(format="pdf", pdf_standards=[*standards]))


@cache
def _fonts() -> Fonts:
    """Those that come with typst, for Latin, Greek and Cyrillic, and the operator's for what else customers write."""
    return Fonts(include_system_fonts=False, font_paths=[settings.PDF_FONTS] if settings.PDF_FONTS else [])
