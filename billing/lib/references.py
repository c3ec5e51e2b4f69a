"""References that people read out on the telephone: a prefix that says of what, and letters that are not mistaken."""

from __future__ import annotations

from django.utils.crypto import get_random_string

# Crockford's letters.
REFERENCE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_reference(prefix: str, length: int = 10) -> str:
    """Return a reference such as TU-7K2M9PQR4T; the prefix comes without its dash."""
    return f"{prefix}-{get_random_string(length, REFERENCE_ALPHABET)}"
