from django import forms

from accounts.models import Role

ROLES = [
    (Role.VIEWER, "Viewer: sees everything"),
    (Role.OWNER, "Owner: also pays, and invites"),
]


class InviteForm(forms.Form):
    email = forms.EmailField(
        label="E-mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={"required": "Enter an address.", "invalid": "This is no e-mail address."},
    )
    role = forms.ChoiceField(label="May do", choices=ROLES, initial=Role.VIEWER)


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=ROLES)
