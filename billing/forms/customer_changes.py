from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import RegexValidator

from accounts.models import Switch
from billing.forms.form_fields import KeyedForm, read_amount
from billing.services.customer_changes import ChangeRefused, KeyReused

PLAIN = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z", "Use letters, digits, points, dashes and underscores.")


class OverdraftField(forms.CharField):
    """Nothing or more, in plain digits."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            label="Overdraft",
            max_length=40,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            error_messages={"required": "Enter an amount; 0 is none.", "max_length": "The amount has too many digits."},
            **more,
        )

    def read(self, text: str, switch: Switch) -> Decimal:
        if not text.strip(" 0"):
            return Decimal(0)
        return read_amount(text, places=switch.places)


class ChangeForm(KeyedForm):
    """What the forms for changing a customer on the switch have in common."""

    def __init__(self, data: Any = None, *, switch: Switch, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.switch = switch

    def clean_key(self) -> str:
        key = str(self.cleaned_data["key"])
        if not key.isprintable():
            raise forms.ValidationError("The form cannot be read. Start again.")
        return key

    def refuse(self, error: ChangeRefused) -> None:
        """Say it beside the field that is to be corrected. A key that is used up is replaced by a new one."""
        self.add_error(error.field if error.field in self.fields else None, str(error))
        if isinstance(error, KeyReused):
            self.replace_key()


class LockForm(ChangeForm):
    locked = forms.TypedChoiceField(
        choices=[("1", "lock"), ("0", "unlock")], coerce=lambda value: value == "1", widget=forms.HiddenInput
    )


class OverdraftForm(ChangeForm):
    overdraft = OverdraftField()

    def clean_overdraft(self) -> Decimal:
        return OverdraftField().read(self.cleaned_data["overdraft"], self.switch)


class OpenForm(ChangeForm):
    number = forms.CharField(
        label="Account number",
        max_length=30,
        validators=[PLAIN],
        help_text="You choose it, and it stays. No other account may have it.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={"required": "Choose a number.", "max_length": "That is too long."},
    )
    name = forms.CharField(
        label="Name",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter a name.", "max_length": "That is too long."},
    )
    rate_group = forms.ChoiceField(label="Rates", required=False, help_text="As your other customers have them.")
    overdraft = OverdraftField(required=False)
    email = forms.EmailField(
        label="Invite by e-mail",
        required=False,
        help_text="They get a mail with a link that works once, for seven days, and own the account here.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"invalid": "This is no e-mail address."},
    )

    def __init__(
        self, data: Any = None, *, switch: Switch, rate_groups: list[str], with_overdraft: bool, **more: Any
    ) -> None:
        super().__init__(data, switch=switch, **more)
        self.fields["rate_group"] = forms.ChoiceField(
            label="Rates", choices=[(group, group) for group in rate_groups], help_text="As your customers have them."
        )
        if not rate_groups:
            del self.fields["rate_group"]
        if not with_overdraft:
            del self.fields["overdraft"]

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if not name.isprintable():
            raise forms.ValidationError("Use letters and digits alone.")
        return name

    def clean_overdraft(self) -> Decimal:
        return OverdraftField().read(self.cleaned_data["overdraft"], self.switch)
