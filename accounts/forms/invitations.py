from __future__ import annotations

from typing import Any

from allauth.account.fields import SetPasswordField
from django.forms import CharField, Form, TextInput
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class JoinForm(Form):
    """What a new person says of themselves: the rest stands in their invitation."""

    name = CharField(max_length=150, label=_("Your name"), widget=TextInput(attrs={"autocomplete": "name"}))
    password = SetPasswordField(label=_("Choose a password"))

    def __init__(self, *args: Any, user: User | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        password: Any = self.fields["password"]
        password.user = user
