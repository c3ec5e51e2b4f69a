"""docs/security.md speaks of every requirement of levels 1 and 2, and names tests and files that are there."""

from __future__ import annotations

import re
import sys
from fnmatch import fnmatch
from pathlib import Path

from tests.support.demo import CHECKOUT

TOLD, LEFT_OUT = (CHECKOUT / "docs" / "security.md").read_text().split("## What does not apply")
# Number and level of each requirement of OWASP ASVS 5.0.0, without those of level 3.
STANDARD = dict(line.split() for line in (Path(__file__).parent / "asvs_5_0_0.txt").read_text().splitlines())
ROW = re.compile(r"^\| (\d+\.\d+\.\d+)( \(3\))? \| (.+?) \| (?:`([^`]+)` )?\|$", re.MULTILINE)
ROWS = ROW.findall(TOLD)
NOT_APPLICABLE = re.findall(r"^\| ((?:[\d.]+\*?(?:, )?)+) \| [^|]+ \|$", LEFT_OUT, re.MULTILINE)


def test_every_requirement_is_spoken_of_once() -> None:
    left_out = [pattern for group in NOT_APPLICABLE for pattern in group.split(", ")]
    described = [number for number, is_of_level_3, *_ in ROWS if not is_of_level_3]
    inapplicable = {number for number in STANDARD if any(fnmatch(number, pattern) for pattern in left_out)}

    assert len(ROWS) == len(re.findall(r"^\| \d+\.\d+\.\d+(?: \(3\))? \|", TOLD, re.MULTILINE)), "a row that is no row"
    assert len(described) == len(set(described))
    assert sorted(set(described) & inapplicable) == []
    assert sorted(set(STANDARD) ^ {*described, *inapplicable}) == []
    unmet = sum("not met" in how.lower() for _, _, how, _ in ROWS)
    sys.stdout.write(
        f"ASVS 5.0.0: {len(ROWS)} rows, {unmet} of them not met in full; {len(inapplicable)} do not apply.\n"
    )


def test_every_row_is_shown_or_says_that_it_is_not_met() -> None:
    missing = [number for number, _, how, shown in ROWS if not shown and "not met" not in how.lower()]
    assert missing == []


def test_every_test_and_file_that_is_named_is_there() -> None:
    missing = [shown for *_, shown in ROWS if shown and not _is_there(shown)]
    assert missing == []


def _is_there(shown: str) -> bool:
    file, _, name = shown.partition("::")
    if file.rpartition("/")[2].startswith("test_"):
        path = CHECKOUT / "tests" / file
        return path.is_file() and (not name or re.search(rf"^def {name}\(", path.read_text(), re.MULTILINE) is not None)
    return not name and (CHECKOUT / file).is_file()
