"""A language in which every sentence that the code marks for translation stands in ⟦brackets⟧.

What stands in brackets was put into the reader's language; what does not is the same for every reader.
"""

from __future__ import annotations

import ast
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from allauth.mfa import models as of_factors

from tests.support.demo import CHECKOUT

LANGUAGE = "xx"
MARK = "⟦"
MARKED_BY = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
# Without a charset and a plural rule a catalogue cannot be read.
HEADER = "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n"


def write_catalogue(folder: Path) -> None:
    """Write the catalogue of the language below a folder that is to stand in LOCALE_PATHS."""
    sources = [path for room in ("accounts", "billing", "portal") for path in (CHECKOUT / room).rglob("*.py")]
    sentences = {sentence for path in (*sources, Path(of_factors.__file__)) for sentence in _sentences(path)}
    file = folder / LANGUAGE / "LC_MESSAGES" / "django.mo"
    file.parent.mkdir(parents=True)
    file.write_bytes(_compiled(sentences))


def _sentences(path: Path) -> Iterator[tuple[str, ...]]:
    """The sentences marked in a file of Python, each alone or with its plural."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKED_BY:
            texts = [part.value for part in node.args[:2] if isinstance(part, ast.Constant)]
            if texts:
                yield tuple(str(text) for text in (texts if node.func.id.startswith("ngettext") else texts[:1]))


def _compiled(sentences: Iterable[tuple[str, ...]]) -> bytes:
    """A GNU catalogue: two tables of lengths and places, of the sentences and of their translations, and the texts."""
    pairs = {"": HEADER} | {"\0".join(forms): "\0".join(f"{MARK}{form}⟧" for form in forms) for forms in sentences}
    encoded = sorted((key.encode(), text.encode()) for key, text in pairs.items())
    number, begin = len(encoded), 28
    place, tables, texts = begin + 16 * number, [b"", b""], b""
    for column in (0, 1):
        for pair in encoded:
            tables[column] += struct.pack("<II", len(pair[column]), place + len(texts))
            texts += pair[column] + b"\0"
    return struct.pack("<IIIIIII", 0x950412DE, 0, number, begin, begin + 8 * number, 0, 0) + b"".join(tables) + texts
