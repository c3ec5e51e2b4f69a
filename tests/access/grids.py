"""A grid of words, as the access tables are written, read cell by cell."""

from __future__ import annotations

from collections.abc import Iterator


def cells(text: str) -> Iterator[tuple[list[str], str, str]]:
    """What stands left of each cell, its column, and the cell."""
    head, *rows = (line.split() for line in text.strip().splitlines())
    for row in rows:
        left = len(row) - len(head)
        yield from ((row[:left], column, cell) for column, cell in zip(head, row[left:], strict=True))
