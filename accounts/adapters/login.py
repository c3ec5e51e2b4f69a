"""How the portal wants logins, their mails and their addresses: what allauth asks of its account adapter."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.lib.device_names import device_name
from accounts.models import User
from accounts.services import known_browsers, notices

log = logging.getLogger(__name__)


class LoginAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People come by a grant of the operator, never by themselves."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        try:
            return bool(super().is_safe_url(url))
        except ValueError:  # no address at all, such as http://[
            return False

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link is on the address that people type, whatever host the request named."""
        return f"{settings.PUBLIC_URL}{urlsplit(super().get_reset_password_from_key_url(key)).path}"

    def render_mail(
        self, template_prefix: str, email: str, context: dict[str, Any], headers: dict[str, str] | None = None
    ) -> EmailMultiAlternatives:
        """Render the text of the template, and the same in the portal's design."""
        about = {"portal_name": settings.PORTAL_NAME, "public_url": settings.PUBLIC_URL, **context}
        message: EmailMultiAlternatives = super().render_mail(template_prefix, email, about, headers)
        # Only the portal's own addresses become links: a name that a person chose must not.
        lines = [
            {"text": line, "is_link": line.startswith(f"{settings.PUBLIC_URL}/")}
            for line in str(message.body).splitlines()
        ]
        in_design = render_to_string("accounts/mail/design.html", {**about, "subject": message.subject, "lines": lines})
        message.attach_alternative(in_design, "text/html")
        return message

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> bool:
        """Send a mail that a person waits for. Returns False if it could not be handed in, which undoes nothing."""
        try:
            self.render_mail(template_prefix, email, {"email": email, **context}).send()
        except (OSError, SMTPException) as error:
            log.error("The mail %s was not handed in: %s", template_prefix, type(error).__name__)  # noqa: TRY400  # its trace may hold the address
            return False
        return True

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Queue the mail about what allauth has just done, like every mail that no one waits for."""
        now, agent = timezone.now(), self.get_http_user_agent(self.request)
        about = {
            "timestamp": now,
            "ip": self.get_client_ip(self.request),
            "device": device_name(agent),
            **(context or {}),
        }
        notices.queue_mail(template_prefix, [email or user.email], about, now)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return f"{settings.PUBLIC_URL}{reverse('account_confirm_email', args=[emailconfirmation.key])}"

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        self._recognise_browser(request, user, response)
        return response

    def _recognise_browser(self, request: HttpRequest, user: User, response: HttpResponse) -> None:
        token = request.COOKIES.get(settings.BROWSER_COOKIE_NAME) or known_browsers.new_token()
        now = timezone.now()
        with transaction.atomic():
            if known_browsers.remember(user=user, token=token, now=now):
                agent = self.get_http_user_agent(request)
                notices.new_browser(user=user, device=device_name(agent), address=self.get_client_ip(request), now=now)
        response.set_cookie(
            settings.BROWSER_COOKIE_NAME,
            token,
            max_age=known_browsers.REMEMBERED_FOR,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )

    def get_client_ip(self, request: HttpRequest) -> str:
        # A session keeps it in PostgreSQL, which knows no zone of a link: fe80::1%eth0.
        return str(super().get_client_ip(request)).partition("%")[0]

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("mfa_index")
