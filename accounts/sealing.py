"""Keys that only SECRET_KEY makes, one for each purpose: a copy of the database alone opens nothing.

What was sealed while one of SECRET_KEY_FALLBACKS was the key still opens, and is still found.
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
    """64 hexadecimal digits, the same for the same text; nobody without the key can try texts against them.

    The first is to be written down; the others are what it had under earlier keys.
    """
    return [_hmac(purpose, text, key).hexdigest() for key in _keys()]


def _hmac(purpose: str, text: str, key: str) -> HMAC:
    return salted_hmac(purpose, text, secret=key, algorithm="sha256")


def _keys() -> list[str]:
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
