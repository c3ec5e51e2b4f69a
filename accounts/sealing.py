"""Keys that only SECRET_KEY makes, one for each purpose: a copy of the database alone opens nothing."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet
from django.utils.crypto import salted_hmac


def cipher(purpose: str) -> Fernet:
    return Fernet(urlsafe_b64encode(salted_hmac(purpose, "", algorithm="sha256").digest()))


def digest(purpose: str, text: str) -> str:
    """64 hexadecimal digits, the same for the same text; nobody without the key can try texts against it."""
    return salted_hmac(purpose, text, algorithm="sha256").hexdigest()
