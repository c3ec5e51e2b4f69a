"""What the database is asked for a page, asked again by itself: the time of SQL without that of Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from django.db import connection
from django.test.utils import CaptureQueriesContext


@dataclass(frozen=True)
class Statements:
    texts: tuple[str, ...]

    @classmethod
    def of(cls, act: Callable[[], object]) -> Self:
        with CaptureQueriesContext(connection) as captured:
            act()
        return cls(tuple(query["sql"] for query in captured if query["sql"].startswith(("SELECT", "WITH", "("))))

    def run(self) -> None:
        with connection.cursor() as cursor:
            for text in self.texts:
                cursor.execute(text)
                cursor.fetchall()

    def __add__(self, other: Statements) -> Statements:
        return Statements(self.texts + other.texts)
