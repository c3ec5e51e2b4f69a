"""Forms of the pages on who somebody is.

Of allauth's forms for passkeys, what no browser answers is refused here instead of ending in an error.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from allauth.account.fields import SetPasswordField
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms
from django.forms import CharField, ChoiceField, Form, TextInput

from accounts import zones
from accounts.models import User

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


class JoinForm(Form):
    """What a new person says of themselves: the rest stands in their invitation."""

    name = CharField(max_length=150, label="Your name", widget=TextInput(attrs={"autocomplete": "name"}))
    password = SetPasswordField(label="Choose a password")

    def __init__(self, *args: Any, user: User | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        password: Any = self.fields["password"]
        password.user = user


class TimeZoneForm(Form):
    time_zone = ChoiceField(
        label="Show times in",
        required=False,
        help_text="In lists, totals, charts and files alike.",
        error_messages={"invalid_choice": "Choose one of these."},
    )

    def __init__(self, *args: Any, user: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered: Any = [("", "The time zone of the switch"), *zones.choices(now=now)]
        # An operator may have set one that is not offered: it stays until another is chosen.
        if user.time_zone and not zones.is_offered(user.time_zone):
            offered.insert(1, (user.time_zone, user.time_zone))
        time_zone: Any = self.fields["time_zone"]
        time_zone.choices, time_zone.initial = offered, user.time_zone
