from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from accounts.lib.written_numbers import LONGEST
from accounts.models import Switch
from billing.customers.services.changes import ChangeRefused, KeyReused
from billing.web.form_fields import KeyedForm, read_amount

PLAIN = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z", _("Use letters, digits, points, dashes and underscores."))


class OverdraftField(forms.CharField):
    """An amount of zero or more, as a person writes it."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            label=_("Overdraft"),
            max_length=LONGEST,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            error_messages={
                "required": _("Enter an amount; 0 is none."),
                "max_length": _("The amount has too many digits."),
            },
            **more,
        )

    def read(self, text: str, switch: Switch) -> Decimal:
        if not text.strip():
            return Decimal(0)
        return read_amount(text, places=switch.places, currency=switch.currency, or_zero=True)


class ChangeForm(KeyedForm):
    """What the forms for changing a customer on the switch have in common."""

    def __init__(self, data: Any = None, *, switch: Switch, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.switch = switch

    def clean_key(self) -> str:
        key = str(self.cleaned_data["key"])
        if not key.isprintable():
            raise forms.ValidationError(_("The form cannot be read. Start again."))
        return key

    def refuse(self, error: ChangeRefused) -> None:
        """Say why, beside the field that is to be corrected. A key that is used up is replaced by a new one."""
        self.add_error(error.field if error.field in self.fields else None, error.reason.words(error.figure))
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
        label=_("Account number"),
        max_length=30,
        validators=[PLAIN],
        help_text=_("You choose it, and it stays. No other account may have it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={"required": _("Choose a number."), "max_length": _("That is too long.")},
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Enter a name."), "max_length": _("That is too long.")},
    )
    rate_group = forms.ChoiceField(label=_("Rates"), help_text=_("As your customers have them."))
    overdraft = OverdraftField(required=False)
    email = forms.EmailField(
        label=_("Invite by e-mail"),
        required=False,
        help_text=_("They get a mail with a link that works once, for seven days, and own the account here."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"invalid": _("This is no e-mail address.")},
    )

    def __init__(
        self, data: Any = None, *, switch: Switch, rate_groups: list[str], with_overdraft: bool, **more: Any
    ) -> None:
        super().__init__(data, switch=switch, **more)
        rates: Any = self.fields["rate_group"]
        rates.choices = [(group, group) for group in rate_groups]
        if not rate_groups:
            del self.fields["rate_group"]
        if not with_overdraft:
            del self.fields["overdraft"]

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if not name.isprintable():
            raise forms.ValidationError(_("Use letters and digits alone."))
        return name

    def clean_overdraft(self) -> Decimal:
        return OverdraftField().read(self.cleaned_data["overdraft"], self.switch)
