"""For `make clean`: ends what a killed demo left running in its folder, then removes the folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from portal import local
from portal.demo import leftovers
from portal.demo.surroundings import alone_in


def forget(folder: Path) -> None:
    if not folder.exists():
        return
    with alone_in(folder):
        for notes in folder.glob("**/processes"):
            leftovers.end(notes.parent)
        for pid_file in folder.glob("**/postmaster.pid"):
            local.stop_postgresql(pid_file)
        shutil.rmtree(folder)


if __name__ == "__main__":
    forget(local.FOLDER)
