from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Role

ROLES = [
    (Role.VIEWER, _("Viewer: sees everything")),
    (Role.OWNER, _("Owner: also pays, and invites")),
]


class InviteForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={"required": _("Enter an address."), "invalid": _("This is no e-mail address.")},
    )
    role = forms.ChoiceField(label=_("May do"), choices=ROLES, initial=Role.VIEWER)


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=ROLES)
