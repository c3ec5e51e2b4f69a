from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import Switch

NO_HISTORY = {"autocomplete": "off"}


class ClaimForm(forms.Form):
    """Which account, and one of the proofs that its switch allows."""

    switch = forms.ModelChoiceField(Switch.objects.none(), to_field_name="name", empty_label=None, label="Service")
    number = forms.CharField(label="Account number", max_length=100, widget=forms.TextInput(attrs=NO_HISTORY))
    email = forms.EmailField(label="Your e-mail address", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    phrase = forms.CharField(
        label="Code phrase",
        required=False,
        max_length=100,
        help_text="The one that your provider gave you.",
        widget=forms.TextInput(attrs=NO_HISTORY),
    )
    phone = forms.CharField(
        label="Or: one of its phone numbers",
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={**NO_HISTORY, "inputmode": "tel"}),
    )
    password = forms.CharField(
        label="And that phone’s password for web queries",
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
            raise forms.ValidationError("Say something that only whoever has the account can know.")
        return cleaned
