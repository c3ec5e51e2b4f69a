from django import forms
from django.utils.translation import gettext_lazy as _


class CustomerSearchForm(forms.Form):
    text = forms.CharField(
        label=_("Name or number"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
        error_messages={"max_length": _("No name is that long, so all customers are shown.")},
    )

    def chosen(self) -> str:
        self.full_clean()
        return str(self.cleaned_data.get("text", ""))
