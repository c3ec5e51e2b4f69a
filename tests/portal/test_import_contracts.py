"""The import contracts of pyproject.toml, tried on a copy of the code into which a violation was planted."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("portal", "accounts", "billing", "simulator")
SUBJECTS = "Subjects: each knows only those below it"
GRAMMAR = "Inside a subject: the same grammar everywhere"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def plant(copy: Path, module: str, source: str) -> None:
    file = copy.joinpath(*module.split(".")).with_suffix(".py")
    file.parent.mkdir(parents=True, exist_ok=True)
    for folder in file.relative_to(copy).parents[:-1]:
        (copy / folder / "__init__.py").touch()
    file.write_text(source)


def broken(copy: Path) -> set[str]:
    """The names of the contracts that the copy breaks."""
    # A wide line, so that no name is cut in two.
    lint = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()"]
    answer = subprocess.run(
        [*lint, "--no-cache", "--no-logo"],
        cwd=copy,
        env={"COLUMNS": "500"},
        capture_output=True,
        text=True,
        check=False,
    )
    verdicts = dict(re.findall(r"^(\S.*) (KEPT|BROKEN)$", answer.stdout, re.MULTILINE))
    assert SUBJECTS in verdicts, answer.stdout + answer.stderr
    assert answer.returncode == int("BROKEN" in verdicts.values())
    return {name for name, verdict in verdicts.items() if verdict == "BROKEN"}


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("billing.exports.services.planted", "billing.batches.models"),
        ("billing.calls.services.planted", "billing.topups.models"),
    ],
    ids=["a neighbour", "one above"],
)
def test_a_subject_that_reaches_beside_or_above_itself_breaks_the_contract(
    copy: Path, module: str, imported: str
) -> None:
    plant(copy, module, f"import {imported}\n")

    assert broken(copy) == {SUBJECTS}


def test_a_service_that_imports_a_page_of_its_own_subject_breaks_the_grammar(copy: Path) -> None:
    plant(copy, "billing.exports.services.planted", "import billing.exports.views.prepared\n")

    assert broken(copy) == {GRAMMAR}


def test_a_new_folder_that_is_on_no_floor_breaks_the_contract(copy: Path) -> None:
    plant(copy, "billing.fax.services.planted", "")

    assert broken(copy) == {SUBJECTS}
