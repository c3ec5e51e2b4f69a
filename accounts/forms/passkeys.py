"""allauth's forms for passkeys, which refuse here what no browser answers instead of ending in an error."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms

UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, struct.error)


@contextmanager
def refusing_what_cannot_be_read() -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise get_adapter().validation_error("incorrect_code") from error


class AddPasskey(forms.AddWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    def clean(self) -> dict[str, Any]:
        with refusing_what_cannot_be_read():
            return dict(super().clean())


class _Answer:
    def clean_credential(self) -> Authenticator:
        with refusing_what_cannot_be_read():
            return super().clean_credential()  # type: ignore[misc]  # what it is mixed into has it


class LogInWithPasskey(_Answer, forms.LoginWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    pass


class ConfirmWithPasskey(_Answer, forms.AuthenticateWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    pass


class ReauthenticateWithPasskey(_Answer, forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    pass
