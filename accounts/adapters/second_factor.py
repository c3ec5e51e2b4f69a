"""How second factors are stored, named and drawn: what allauth asks of its MFA adapter."""

from __future__ import annotations

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from qrcode import QRCode

from accounts.lib import encryption
from accounts.models import User

PURPOSE = "accounts.second_factor"


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    def encrypt(self, text: str) -> str:
        return encryption.cipher(PURPOSE).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.cipher(PURPOSE).decrypt(encrypted_text).decode()

    def build_totp_svg(self, url: str) -> SafeString:
        """Markup for the page itself: the Content Security Policy lets in neither data: addresses nor styles."""
        code = QRCode()
        code.add_data(url)
        rows = code.get_matrix()
        squares = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark)
        return format_html(
            '<svg class="scan" viewBox="0 0 {0} {0}" role="img" aria-label="{2}"><path d="{1}"/></svg>',
            len(rows),
            squares,
            _("QR code"),
        )

    def generate_authenticator_name(self, user: User, kind: Authenticator.Type) -> str:
        others: int = Authenticator.objects.filter(user=user, type=kind).count()
        return _("Passkey %(number)d") % {"number": others + 1} if others else _("Passkey")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": settings.PORTAL_NAME}
