"""Where the files of exports are: a private folder that no address leads into, and that web and workers share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from billing.exports.models import Export

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600


def path_of(export: Export) -> Path:
    """Where the whole file is, once it is made."""
    return _folder() / f"{export.reference}.{export.kind}"


@contextmanager
def workshop(export: Export) -> Iterator[Path]:
    """A folder for one try at a file, gone with all that is left in it afterwards."""
    _folder().mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    remove(export.reference)
    folder = _folder() / f"{export.reference}.{export.tries}"
    folder.mkdir(mode=PRIVATE_FOLDER)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def opener(path: str, flags: int) -> int:
    """Opens a new file for `open` so that no other account of this machine can read it."""
    return os.open(path, flags | os.O_EXCL, PRIVATE_FILE)


def remove(reference: str) -> None:
    """Remove the file of an export, and what dead workers left of it."""
    for path in _folder().glob(f"{reference}.*"):
        _remove(path)


def references() -> set[str]:
    """The references of the exports of which the folder holds anything."""
    return {path.name.partition(".")[0] for path in _folder().glob("EX-*.*")}


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _folder() -> Path:
    return Path(settings.EXPORT_DIR)
