from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError


@pytest.fixture(autouse=True)
def named(settings: Any) -> None:
    settings.PORTAL_NAME, settings.PUBLIC_URL = "Harbour Voice", "https://my.harbourtel.example:8443"


@pytest.mark.parametrize("password", ["HarbourVoice-2026!", "harbour voice 9", "xHarbourTelx99", "Harbour_Tel.77"])
def test_a_password_with_what_the_portal_is_called_is_refused(password: str) -> None:
    with pytest.raises(ValidationError, match="so is this portal called"):
        validate_password(password)


@pytest.mark.parametrize("password", ["correct horse battery", "a voice in a harbour", "example 8443 boats"])
def test_other_words_are_let_in(password: str) -> None:
    validate_password(password)


def test_an_address_of_numbers_is_no_word(settings: Any) -> None:
    settings.PUBLIC_URL = "http://192.0.2.4000:8000"
    validate_password("green boat 4000 and 2")
