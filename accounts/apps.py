from typing import ClassVar

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, the accounts they may see, and who lets them in.

    `staff` and `permissions` say what each group of the staff may do, as `billing.subject.Subject` explains.
    """

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
    staff: ClassVar = {
        "account": ("v", "v", "vc"),
        "auditentry": ("", "", "v"),
        "claimphrase": ("v", "v", "va"),
        "invitation": ("v", "v", "v"),
        "knownbrowser": ("", "", ""),
        "loginattempts": ("", "", ""),
        "membership": ("v", "v", "vacd"),
        "note": ("va", "va", "va"),
        "notice": ("", "", ""),
        "switch": ("v", "v", "vac"),
        "user": ("v", "v", "vac"),
    }
    permissions: ClassVar = {"resend_invitation": ("support", "billing", "operator")}

    def ready(self) -> None:
        from accounts import signals

        signals.connect()
