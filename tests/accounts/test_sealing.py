from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import InvalidToken

from accounts import sealing

OLD, NEW = "o" * 40, "n" * 40


def test_what_was_sealed_under_an_earlier_key_still_opens(settings: Any) -> None:
    settings.SECRET_KEY = OLD
    sealed = sealing.cipher("test").encrypt(b"secret")

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
    assert sealing.cipher("test").decrypt(sealed) == b"secret"
    newly = sealing.cipher("test").encrypt(b"secret")
    settings.SECRET_KEY_FALLBACKS = []
    assert sealing.cipher("test").decrypt(newly) == b"secret"
    with pytest.raises(InvalidToken):
        sealing.cipher("test").decrypt(sealed)


def test_nothing_sealed_for_one_purpose_opens_for_another() -> None:
    with pytest.raises(InvalidToken):
        sealing.cipher("one").decrypt(sealing.cipher("another").encrypt(b"secret"))


def test_a_digest_of_an_earlier_key_is_still_found(settings: Any) -> None:
    settings.SECRET_KEY = OLD
    (before,) = sealing.digests("test", "4105")

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
    now, earlier = sealing.digests("test", "4105")
    assert earlier == before != now
