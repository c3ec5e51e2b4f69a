"""Every subject has the same grammar: a stranger finds the same names in each folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from billing.subject import Subject, places, subjects

GRAMMAR = {
    *("apps", "urls", "management", "admin", "tasks", "views", "tables", "forms", "services", "providers", "queries"),
    *("models", "migrations", "__init__"),
}


def names_in(subject: Subject) -> set[str]:
    """Its modules and packages, without what Python keeps there."""
    return {path.stem for path in Path(subject.path).iterdir() if path.name != "__pycache__"}


@pytest.mark.parametrize("subject", list(subjects()), ids=lambda subject: subject.label)
def test_a_subject_holds_only_what_its_grammar_names(subject: Subject) -> None:
    assert names_in(subject) <= GRAMMAR


def test_the_menu_has_an_order_that_no_two_places_share() -> None:
    orders = [place.order for place in places()]
    assert orders == sorted(set(orders))
