"""`make mutants`: each deliberate defect must be caught by the invariant that it breaks. Exit code 1: one survived."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import msgspec

from bench.conform.plan import Plan
from bench.conform.starting import result_in, start
from bench.mutants.mutants import MUTANTS, DoesNotApply, Mutant, apply

ROOT = Path(__file__).resolve().parent.parent.parent
RESULT = ROOT / "bench" / "results" / "mutants.json"
# What a run needs; the checkout itself is never changed.
TREE = ("accounts", "bench", "billing", "portal", "simulator", "static", "templates", "manage.py")
AT_ONCE = 2
LONGEST_RUN = 1200
SOUND = Mutant("", "none: the code as it is", ())


class Caught(msgspec.Struct):
    """`by`: every invariant that was violated. `broke_off`: the last line of a run that came to no result."""

    mutant: str
    files: list[str]
    expected: str
    by: list[str]
    sentence: str
    seed: int
    seconds: float
    broke_off: str = ""

    @property
    def is_right(self) -> bool:
        return not self.broke_off and (self.expected in self.by if self.expected else not self.by)


def main() -> int:
    seed = int(os.environ.get("SEED") or 1)
    only = os.environ.get("ONLY", "")
    chosen = [mutant for mutant in (SOUND, *MUTANTS) if only in mutant.invariant]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = []
        for result in pool.map(partial(_try, seed), chosen):
            print(*_lines(result), sep="\n", flush=True)
            results.append(result)
    if not only:
        RESULT.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")
    if wrong := [result.mutant for result in results if not result.is_right]:
        print(f"\nNot as it should be: {'; '.join(wrong)}. Again: make mutants SEED={seed}", file=sys.stderr)
        return 1
    return 0


def _try(seed: int, mutant: Mutant) -> Caught:
    """Run one mutant in a copy of its own; the state machine alone, where that already catches it."""
    plan = Plan(seed=seed, size=100, kills_of_each=0, bursts=0, examples=40, sought=mutant.invariant or "none")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        tree, data = Path(folder) / "tree", Path(folder) / "data"
        output = Path(folder) / "output"
        caught = partial(
            Caught,
            mutant=mutant.name,
            files=sorted({edit.file for edit in mutant.edits}),
            expected=mutant.invariant,
            seed=seed,
        )
        _copy(tree)
        try:
            apply(mutant, tree)
        except DoesNotApply as error:
            return caught(by=[], sentence="", seconds=0, broke_off=str(error))
        run = start(plan, data, tree, output)
        if _code(run):
            last = output.read_text(errors="replace").strip().rpartition("\n")[2]
            return caught(by=[], sentence="", seconds=_since(began), broke_off=last)
        findings = {found.name: found.violations for found in result_in(data).findings if found.violations}
    sentences = findings.get(mutant.invariant) or [""]
    return caught(by=list(findings), sentence=sentences[0], seconds=_since(began))


def _code(run: subprocess.Popen[bytes]) -> int:
    try:
        return run.wait(LONGEST_RUN)
    except subprocess.TimeoutExpired:
        run.terminate()
        return run.wait() or 1


def _copy(tree: Path) -> None:
    tree.mkdir()
    for name in TREE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name)
        else:
            shutil.copy2(ROOT / name, tree / name)


def _since(began: float) -> float:
    return round(time.monotonic() - began, 1)


def _lines(result: Caught) -> Iterator[str]:
    verdict = "ok      " if result.is_right else "WRONG   "
    yield f"{verdict}  {result.expected:<4} {result.mutant} ({', '.join(result.files) or 'unchanged'})"
    yield f"          violated: {', '.join(result.by) or 'nothing'}; seed {result.seed}; {result.seconds:.0f} s"
    if result.sentence or result.broke_off:
        yield f"          {result.sentence or result.broke_off}"


if __name__ == "__main__":
    sys.exit(main())
