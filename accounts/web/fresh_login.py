"""Asks people to show once more that it is them, before what matters: by password, a code of the app, or a passkey.

A person who did so within the last minutes (ACCOUNT_REAUTHENTICATION_TIMEOUT) is not asked again.
"""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest

# For a view as a whole. A POST is kept, with all that it holds, and done once the person has shown that it is them.
fresh_login_required = reauthentication_required


def require(request: HttpRequest) -> None:
    """Ask for it from within a view: raises what leads the person to that page and then back."""
    _needs_it(request)


def is_fresh(request: HttpRequest) -> bool:
    try:
        _needs_it(request)
    except ReauthenticationRequired:
        return False
    return True


@fresh_login_required  # type: ignore[untyped-decorator]  # allauth ships no types
def _needs_it(request: HttpRequest) -> None:
    pass
