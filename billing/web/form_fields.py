"""Fields that forms of several subjects have: an amount of money, a reason, and the key of a form."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.crypto import get_random_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.lib.written_numbers import LONGEST
from billing.lib.amounts import BadAmount, parse_amount
from billing.lib.reasons import Money

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LONGEST_REASON = 300
LONGEST_KEY, KEY_LENGTH = 64, 32


class AmountField(forms.CharField):
    """An amount as a person writes it; the form reads it by `read_amount`, which knows how many places there may be."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Amount"),
            max_length=LONGEST,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "autofocus": True}),
            error_messages={"required": _("Enter an amount."), "max_length": _("The amount has too many digits.")},
        )


def read_amount(text: str, *, places: int, currency: str, or_zero: bool = False) -> Decimal:
    """Raises ValidationError, which says what is wrong with the amount."""
    try:
        return parse_amount(text, places=places, currency=currency, or_zero=or_zero)
    except BadAmount as error:
        raise forms.ValidationError(str(error.because)) from error


class Reason(forms.CharField):
    """Why a person of the staff does what only a person may do."""

    def __init__(self, *, label: StrOrPromise) -> None:
        super().__init__(
            label=label,
            max_length=LONGEST_REASON,
            widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
            help_text=_("Kept with your name."),
        )


class RepeatableForm(forms.Form):
    """A form with a tick, shown only beside a warning, that what may be a repetition is meant."""

    again = forms.BooleanField(
        label=_("Yes, I mean another one"), required=False, widget=forms.CheckboxInput(attrs={"required": True})
    )

    def ask_besides(self, amount: Money | None = None) -> None:
        """Word the tick for a top-up besides another that may yet arrive."""
        if amount is None:
            self["again"].label = gettext("I want to add this besides it")
        else:
            self["again"].label = gettext("I want to add %(amount)s besides it") % {"amount": amount}

    def refuse_unticked(self) -> None:
        """Say that the tick is missing, and lead the person there."""
        self.add_error("again", _("Nothing has been sent yet. Tick this box if you mean it, then go on."))
        for name, field in self.fields.items():
            field.widget.attrs["autofocus"] = name == "again"


def new_key() -> str:
    return get_random_string(KEY_LENGTH)


class KeyedForm(forms.Form):
    """A form with a key, which makes sending the form twice the same as sending it once."""

    key = forms.CharField(max_length=LONGEST_KEY, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial={"key": new_key(), **(initial or {})})

    def replace_key(self) -> None:
        """For a form whose key is used up: what was written stays, and may be sent under another key."""
        self.data = {**{name: self.data.get(name, "") for name in self.fields}, "key": new_key()}
