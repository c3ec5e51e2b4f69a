"""Encrypts and digests what is stored, by keys derived from SECRET_KEY, one for each purpose.

A copy of the database alone opens nothing. What was encrypted while one of SECRET_KEY_FALLBACKS was the key still
opens, and is still found by its digest.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hmac import HMAC

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


def cipher(purpose: str) -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(_hmac(purpose, "", key).digest())) for key in _keys()])


def digests(purpose: str, text: str) -> list[str]:
    """Return 64 hexadecimal digits for each key, the same for the same text; without a key no text can be tried.

    The first is the one to store; the others are what earlier keys made of the text.
    """
    return [_hmac(purpose, text, key).hexdigest() for key in _keys()]


def _hmac(purpose: str, text: str, key: str) -> HMAC:
    return salted_hmac(purpose, text, secret=key, algorithm="sha256")


def _keys() -> list[str]:
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
