from __future__ import annotations

from enum import StrEnum

from django import forms

from billing.forms.form_fields import Reason


class Settling(StrEnum):
    CREDIT = "credit"
    REFUNDED = "refunded"


class SettlingForm(forms.Form):
    """What to do about a payment by card that is received and not credited."""

    verdict = forms.ChoiceField(
        label="What to do",
        choices=[
            (Settling.CREDIT, "Credit it now, by a new top-up"),
            (Settling.REFUNDED, "Nothing more: it was paid back at the payment provider"),
        ],
        widget=forms.RadioSelect(attrs={"class": "radiolist"}),
    )
    why = Reason(label="Why")
