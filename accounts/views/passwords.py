"""The page on which a person who has no password yet, and logs in by a passkey, sets one."""

from __future__ import annotations

from typing import cast

from allauth.account.views import PasswordSetView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.web.fresh_login import fresh_login_required, is_fresh


@fresh_login_required  # type: ignore[untyped-decorator]  # allauth ships no types
def _password_set(request: HttpRequest) -> HttpResponse:
    return cast(HttpResponse, PasswordSetView.as_view()(request))


def password_set(request: HttpRequest) -> HttpResponse:
    """Without a password there is no old one to ask for, so a fresh login stands for it.

    What is sent before one waits in the session meanwhile, where a password must not be: it is asked for once more.
    """
    if request.method == "POST" and not is_fresh(request):
        return redirect(request.path)
    return cast(HttpResponse, _password_set(request))
