from __future__ import annotations

from django import forms

from billing.exports.models import FileKind


class ExportForm(forms.Form):
    """A request for a file. `asked` is the query of the address whose page lists the same calls."""

    asked = forms.CharField(required=False, max_length=4000, widget=forms.HiddenInput)
    kind = forms.ChoiceField(choices=FileKind.choices)
