import logging
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from qrcode import QRCode

from accounts import browsers, notices, sealing
from accounts.models import User
from portal.devices import device

FACTORS = "portal.adapters.FactorAdapter"
log = logging.getLogger(__name__)


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People come by a grant of the operator, never by themselves."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        try:
            return bool(super().is_safe_url(url))
        except ValueError:  # no address at all, such as http://[
            return False

    def get_reset_password_from_key_url(self, key: str) -> str:
        """On the address that people type, whatever host the request named."""
        return f"{settings.PUBLIC_URL}{urlsplit(super().get_reset_password_from_key_url(key)).path}"

    def render_mail(
        self, template_prefix: str, email: str, context: dict[str, Any], headers: dict[str, str] | None = None
    ) -> EmailMultiAlternatives:
        """The text of the template, and the same in the portal's design."""
        about = {"portal_name": settings.PORTAL_NAME, "public_url": settings.PUBLIC_URL, **context}
        message: EmailMultiAlternatives = super().render_mail(template_prefix, email, about, headers)
        # Only the portal's own addresses become links: a name that somebody chose must not.
        lines = [
            {"text": line, "is_link": line.startswith(f"{settings.PUBLIC_URL}/")}
            for line in str(message.body).splitlines()
        ]
        in_design = render_to_string("mail.html", {**about, "subject": message.subject, "lines": lines})
        message.attach_alternative(in_design, "text/html")
        return message

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> bool:
        """A mail that somebody waits for. False: it could not be handed in; what it tells of is not undone by that."""
        try:
            self.render_mail(template_prefix, email, {"email": email, **context}).send()
        except (OSError, SMTPException) as error:
            log.error("The mail %s was not handed in: %s", template_prefix, type(error).__name__)  # noqa: TRY400  # its trace may hold the address
            return False
        return True

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """What allauth has just done is told by the outbox, as everything that nobody waits for."""
        now, agent = timezone.now(), self.get_http_user_agent(self.request)
        about = {"timestamp": now, "ip": self.get_client_ip(self.request), "device": device(agent), **(context or {})}
        notices.owe(template_prefix, [email or user.email], about, now)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return f"{settings.PUBLIC_URL}{reverse('account_confirm_email', args=[emailconfirmation.key])}"

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        self._recognise_browser(request, user, response)
        return response

    def _recognise_browser(self, request: HttpRequest, user: User, response: HttpResponse) -> None:
        token = request.COOKIES.get(settings.BROWSER_COOKIE_NAME) or browsers.new_token()
        now = timezone.now()
        with transaction.atomic():
            if browsers.is_new(user=user, token=token, now=now):
                agent = self.get_http_user_agent(request)
                notices.new_browser(user=user, device=device(agent), address=self.get_client_ip(request), now=now)
        response.set_cookie(
            settings.BROWSER_COOKIE_NAME,
            token,
            max_age=browsers.REMEMBERED_FOR,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )

    def get_client_ip(self, request: HttpRequest) -> str:
        # A session keeps it in PostgreSQL, which knows no zone of a link: fe80::1%eth0.
        return str(super().get_client_ip(request)).partition("%")[0]

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("mfa_index")


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    def encrypt(self, text: str) -> str:
        return sealing.cipher(FACTORS).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.cipher(FACTORS).decrypt(encrypted_text).decode()

    def build_totp_svg(self, url: str) -> SafeString:
        """Markup for the page itself: the Content Security Policy lets in neither data: addresses nor styles."""
        code = QRCode()
        code.add_data(url)
        rows = code.get_matrix()
        squares = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark)
        return format_html(
            '<svg class="scan" viewBox="0 0 {0} {0}" role="img" aria-label="QR code"><path d="{1}"/></svg>',
            len(rows),
            squares,
        )

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        others: int = Authenticator.objects.filter(user=user, type=type).count()
        return f"Passkey {others + 1}" if others else "Passkey"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": settings.PORTAL_NAME}
