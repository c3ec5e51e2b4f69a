from __future__ import annotations

from django.utils.crypto import get_random_string

# Crockford's letters: a reference is read out on the telephone.
REFERENCE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_reference() -> str:
    return "TU-" + get_random_string(10, REFERENCE_ALPHABET)
