"""References that people read out on the telephone: a prefix that says of what, and letters that are not mistaken."""

from __future__ import annotations

from django.utils.crypto import get_random_string, salted_hmac

# Crockford's letters.
REFERENCE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_reference(prefix: str, length: int = 10) -> str:
    """Return a reference such as TU-7K2M9PQR4T; the prefix comes without its dash."""
    return f"{prefix}-{get_random_string(length, REFERENCE_ALPHABET)}"


def keyed_reference(prefix: str, *parts: object, length: int = 10) -> str:
    """Return the reference that the same parts always lead to, which tells a reader nothing about them.

    The same request is told by it even where no row of it is left, as after the restore of a backup.
    """
    number = int.from_bytes(salted_hmac(__name__, "\0".join(map(str, parts)), algorithm="sha256").digest())
    letters = (REFERENCE_ALPHABET[number >> 5 * place & 31] for place in range(length))
    return f"{prefix}-{''.join(letters)}"
