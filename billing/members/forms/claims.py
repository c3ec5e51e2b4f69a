from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Switch

NO_HISTORY = {"autocomplete": "off"}


class ClaimForm(forms.Form):
    """The account that a visitor claims, and one of the proofs that its switch allows."""

    switch = forms.ModelChoiceField(Switch.objects.none(), to_field_name="name", empty_label=None, label=_("Service"))
    number = forms.CharField(label=_("Account number"), max_length=100, widget=forms.TextInput(attrs=NO_HISTORY))
    email = forms.EmailField(label=_("Your e-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    phrase = forms.CharField(
        label=_("Code phrase"),
        required=False,
        max_length=100,
        help_text=_("The one that your provider gave you."),
        widget=forms.TextInput(attrs=NO_HISTORY),
    )
    phone = forms.CharField(
        label=_("Or: one of its phone numbers"),
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={**NO_HISTORY, "inputmode": "tel"}),
    )
    password = forms.CharField(
        label=_("And that phone’s password for web queries"),
        required=False,
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: Any = None, *, switches: list[Switch]) -> None:
        super().__init__(data)
        field: Any = self.fields["switch"]
        field.queryset = Switch.objects.filter(pk__in=[switch.pk for switch in switches])
        if len(switches) == 1:
            field.initial, field.widget = switches[0].name, forms.HiddenInput()
        if not any(switch.claim_by_phrase for switch in switches):
            del self.fields["phrase"]
        if not any(switch.claim_by_phone for switch in switches):
            del self.fields["phone"], self.fields["password"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("phrase") and not (cleaned.get("phone") and cleaned.get("password")):
            raise forms.ValidationError(_("Enter something that shows that the account is yours."))
        return cleaned
