"""The pages on which a person asks for another address, and confirms it."""

from __future__ import annotations

from typing import Any

from allauth.account.views import ConfirmEmailView, EmailView
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import people

ASKS_FOR_AN_ADDRESS = ("action_add", "action_send")


class Email(EmailView):  # type: ignore[misc]  # allauth ships no types
    """Asks for another address and sends a link there. The present one counts until that link was opened."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Of a person whom a command made, allauth knows nothing yet: it would take the first address for the only one.
        if isinstance(request.user, User):
            people.ensure_address(request.user)
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """allauth's other actions do nothing here.

        No address becomes a person's own that they have not shown to be theirs, and one that was asked for and not
        confirmed need not be removed: the next one takes its place.
        """
        if not any(action in request.POST for action in ASKS_FOR_AN_ADDRESS):
            return redirect(self.get_success_url())
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response


class ConfirmEmail(ConfirmEmailView):  # type: ignore[misc]  # allauth ships no types
    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            with transaction.atomic():
                response: HttpResponse = super().post(*args, **kwargs)
        except IntegrityError:
            messages.error(self.request, _("Another login has this address."))
            return redirect("home")
        return response


email = Email.as_view()
confirm_email = login_not_required(ConfirmEmail.as_view())
