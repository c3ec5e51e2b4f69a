"""What a person perceives of a page."""

from __future__ import annotations

import re

# What htmx says when it asks for a part of a page.
FRAGMENT = {"HX-Request": "true", "HX-Current-URL": "http://testserver/"}


def words_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.partition("<main")[2]))
