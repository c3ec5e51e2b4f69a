"""Turns a file's bytes into text: by an encoding that is sure, or by the one that a person chose, never by a guess."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.batches.models import FileReason
from billing.lib.reasons import Because, RefusedBecause

MARKS_OF_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
ZIP = b"PK\x03\x04"


class Encoding(models.TextChoices):
    """What a person may choose for a file that does not say it itself. The values are Python's names."""

    WESTERN = "cp1252", _("Western European (Windows-1252)")
    CENTRAL = "cp1250", _("Central European (Windows-1250)")
    CYRILLIC = "cp1251", _("Cyrillic (Windows-1251)")
    CHINESE = "gb18030", _("Chinese, simplified (GB18030)")
    TRADITIONAL = "big5", _("Chinese, traditional (Big5)")
    JAPANESE = "cp932", _("Japanese (Shift-JIS)")
    UTF_16_LE = "utf-16-le", _("Unicode (UTF-16, little end first)")
    UTF_16_BE = "utf-16-be", _("Unicode (UTF-16, big end first)")


class UnreadableFile(RefusedBecause):
    """No line of the file can be used."""


class EncodingUnknown(UnreadableFile):
    """The file does not say in which encoding it is: a person has to choose one."""


def decode(content: bytes, *, chosen: Encoding | None) -> str:
    """Return the text. Raises UnreadableFile."""
    if content.startswith(ZIP):
        raise UnreadableFile(Because(FileReason.WORKBOOK))
    encoding = _sure(content) or chosen
    if encoding is None:
        raise _unknown(content)
    text = _text(content, encoding)
    if text is None and encoding == chosen:
        raise EncodingUnknown(Because(FileReason.OTHER_ENCODING, {"encoding": str(Encoding(encoding).label)}))
    if text is None:
        raise UnreadableFile(Because(FileReason.NOT_TEXT))
    return text


def _sure(content: bytes) -> str | None:
    """The encoding that the bytes leave no doubt about."""
    if content.startswith(MARKS_OF_UTF_16):
        return "utf-16"
    if b"\0" in content:
        return _utf_16_without_mark(content)
    return "utf-8-sig" if _text(content, "utf-8-sig") is not None else None


def _utf_16_without_mark(content: bytes) -> str | None:
    """Western letters, digits and commas have a zero byte each in UTF-16: the first one where the big end is first."""
    first, second = content[::2], content[1::2]
    if len(first) != len(second):
        return None
    if not any(first) and all(second):
        return "utf-16-be"
    return "utf-16-le" if not any(second) and all(first) else None


def _text(content: bytes, encoding: str) -> str | None:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _unknown(content: bytes) -> UnreadableFile:
    if any(_text(content, encoding) is not None for encoding in Encoding.values):
        return EncodingUnknown(Because(FileReason.ENCODING_UNKNOWN))
    return UnreadableFile(Because(FileReason.NOT_TEXT))
