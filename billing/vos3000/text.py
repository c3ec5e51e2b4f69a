"""Text as it comes from customers and from the way here, made fit to be read and kept."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

UNDECODABLE = "\ufdd0"
"""Stands where bytes were not UTF-8. Unicode promises never to give this code a meaning; what a sender put there itself
is replaced, so that it always means the same."""

LONGEST_UNQUOTED = 1024 * 1024

MARK = UNDECODABLE.encode()

REPLACEMENT = rb"\ufffd"
NOT_DECODED = "\udcff"  # no decoded text holds half of a surrogate pair
# Whole surrogate pairs and all other escapes are stepped over; lone surrogates, NUL and the mark are bad.
ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<unfinished>\\(?:u(?:[0-9a-fA-F]{0,3}|[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?)?)?\Z)"
    rb"|(?P<bad>\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\u0000|\\u[fF][dD][dD]0)"
    rb"|\\.",
    re.DOTALL,
)


def mend(text: bytes) -> bytes:
    """Replace escapes that no text can hold: a lone half of a surrogate pair, and NUL, which PostgreSQL refuses."""
    if rb"\ud" in text or rb"\uD" in text or rb"\u0000" in text:
        return ESCAPE.sub(_mended, text)
    return text


def _mended(found: re.Match[bytes]) -> bytes:
    return REPLACEMENT if found["bad"] else found[0]


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return NOT_DECODED, error.end


codecs.register_error("vos3000-mark", _mark)


def marked(text: bytes) -> bytes:
    """Put `UNDECODABLE` where bytes are not UTF-8, and in no other place."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return _marked(text.decode("utf-8", "vos3000-mark"))
    return text.replace(MARK, "\ufffd".encode()) if is_marked(text) else text


def _marked(decoded: str) -> bytes:
    return decoded.replace(UNDECODABLE, "\ufffd").replace(NOT_DECODED, UNDECODABLE).encode()


def is_marked(text: bytes) -> bool:
    # One byte is looked for many times as fast as three.
    return MARK[:1] in text and MARK in text


class MendedStream:
    """Pieces of an answer as a readable file of UTF-8, in which every escape is whole and can be read.

    `UNDECODABLE` stands where bytes were not UTF-8, nowhere else. Reading raises ValueError for text that goes on and
    on without a quotation mark, as no answer does.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._decoder = codecs.getincrementaldecoder("utf-8")("vos3000-mark")
        self._held = b""
        self._ended = False
        self._unquoted = 0

    def read(self, size: int = -1) -> bytes:
        """Some bytes, however many; none only at the end, or when nothing is asked for."""
        text = b""
        while size != 0 and not text and not self._ended:
            piece = next(self._pieces, b"")
            self._ended = not piece
            text = self._whole_escapes(self._held + self._decoded(piece))
        self._bound(text)
        return text

    def _bound(self, text: bytes) -> None:
        """A parser holds a string or a number until it ends, so one that does not end has to be stopped here."""
        self._unquoted = 0 if b'"' in text else self._unquoted + len(text)
        if self._unquoted > LONGEST_UNQUOTED:
            raise ValueError("a value without an end")

    def _decoded(self, piece: bytes) -> bytes:
        return _marked(self._decoder.decode(piece, final=self._ended))

    def _whole_escapes(self, text: bytes) -> bytes:
        self._held = b""
        if b"\\" not in text:
            return text
        return ESCAPE.sub(self._mended_or_held, text)

    def _mended_or_held(self, found: re.Match[bytes]) -> bytes:
        if found["unfinished"] and not self._ended:
            self._held = found[0]
            return b""
        return _mended(found)
