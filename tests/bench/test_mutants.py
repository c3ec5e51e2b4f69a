"""The defects of `make mutants` still fit the code; whether each is caught, that command shows."""

from __future__ import annotations

import ast

import pytest

from bench.conform.invariants import INVARIANTS
from bench.mutants.__main__ import ROOT
from bench.mutants.mutants import MUTANTS, DoesNotApply, Edit, Mutant, changed


def test_each_invariant_has_a_defect_that_it_must_catch() -> None:
    assert {mutant.invariant for mutant in MUTANTS} == set(INVARIANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_defect_can_be_put_into_the_code_as_it_is_now(mutant: Mutant) -> None:
    files: dict[str, str] = {}
    for edit in mutant.edits:
        files[edit.file] = changed(files.get(edit.file) or (ROOT / edit.file).read_text(), edit)
    for text in files.values():
        ast.parse(text)


def test_a_defect_that_no_longer_fits_says_so() -> None:
    with pytest.raises(DoesNotApply, match="holds this 0 times"):
        changed("x = 1", Edit("some.py", "y = 1", "y = 2"))
