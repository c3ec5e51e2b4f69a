"""A statement as a PDF: the same lines give the same bytes."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from typing import cast

from django.conf import settings
from typst import Compiler, Fonts

from billing.views.statement_words import Document

TEMPLATE = settings.BASE_DIR / "templates" / "billing" / "statement.typ"


def pdf_of(document: Document) -> bytes:
    """Its texts come to the template as data, so that nothing in them is markup."""
    compiler = Compiler(
        TEMPLATE,
        root=TEMPLATE.parent,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"statement": json.dumps(asdict(document))},
    )
    return cast(bytes, compiler.compile(format="pdf"))


@cache
def _fonts() -> Fonts:
    """Those that come with typst, for Latin, Greek and Cyrillic, and the operator's for what else customers write."""
    return Fonts(include_system_fonts=False, font_paths=[settings.PDF_FONTS] if settings.PDF_FONTS else [])
