"""An answer or a file as it was sent or written: markup, hidden values and all.

For what no reader perceives: that a secret stands nowhere, that two answers are the same, what htmx is told. What a
person perceives of a page is read by tests/support/pages.py.
"""

from __future__ import annotations


def as_sent(content: bytes) -> str:
    return content.decode()
