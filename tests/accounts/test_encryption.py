from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import InvalidToken

from accounts.lib import encryption

OLD, NEW = "o" * 40, "n" * 40


def test_what_was_sealed_under_an_earlier_key_still_opens(settings: Any) -> None:
    settings.SECRET_KEY = OLD
    sealed = encryption.cipher("test").encrypt(b"secret")

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
    assert encryption.cipher("test").decrypt(sealed) == b"secret"
    newly = encryption.cipher("test").encrypt(b"secret")
    settings.SECRET_KEY_FALLBACKS = []
    assert encryption.cipher("test").decrypt(newly) == b"secret"
    with pytest.raises(InvalidToken):
        encryption.cipher("test").decrypt(sealed)


def test_nothing_sealed_for_one_purpose_opens_for_another() -> None:
    with pytest.raises(InvalidToken):
        encryption.cipher("one").decrypt(encryption.cipher("another").encrypt(b"secret"))


def test_a_digest_of_an_earlier_key_is_still_found(settings: Any) -> None:
    settings.SECRET_KEY = OLD
    (before,) = encryption.digests("test", "4105")

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
    now, earlier = encryption.digests("test", "4105")
    assert earlier == before != now
