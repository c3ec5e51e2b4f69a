"""The staff site, and its front page: what waits for a person, and where to search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.contrib import admin, auth
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing import subject

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the front page: how many rows wait for a person, and the list of them."""

    label: StrOrPromise
    count: int
    url: str


@dataclass(frozen=True, kw_only=True)
class Findable:
    """A list that is searched from the front page."""

    label: str
    by: str
    url: str


class StaffSite(admin.AdminSite):
    """Django admin behind the portal's own login, which has the rate limits."""

    site_title = _("Support")
    site_header = _("Support (all times in UTC)")
    index_title = _("What is there")
    site_url = "/"
    enable_nav_sidebar = False  # the lists need the width, and the front page has the same links

    def index(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> TemplateResponse:
        waiting = _waiting(request)
        return super().index(request, {"waiting": waiting, "findable": _findable(request), **(extra_context or {})})

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """A visitor who comes here is logged in: the middleware has sent them to the portal's login and back.

        One who is no staff is refused, since another login would lead back here for ever.
        """
        if not self.has_permission(request):
            raise PermissionDenied
        return redirect("admin:index")

    def logout(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:  # type: ignore[override]  # the stub promises a page of admin's own
        if request.method == "POST":
            auth.logout(request)
        return redirect("account_login")

    def password_change(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:  # type: ignore[override]  # as above
        return redirect("account_change_password")


def _waiting(request: HttpRequest) -> list[Line]:
    return [
        Line(
            label=found.label,
            count=found.count,
            url=f"{reverse(f'admin:{app}_{model}_changelist')}?{urlencode(found.query)}",
        )
        for found in subject.waiting(now=timezone.now())
        for app, model in [found.model.split(".")]
        if request.user.has_perm(f"{app}.view_{model}")
    ]


def _findable(request: HttpRequest) -> list[Findable]:
    places = (
        (gettext("An account"), gettext("number or name"), "accounts", "account"),
        (gettext("A top-up"), gettext("reference, account or e-mail"), "topups", "topup"),
        (gettext("A person"), gettext("e-mail or name"), "accounts", "user"),
        (gettext("What was done"), gettext("person, account or words"), "accounts", "auditentry"),
    )
    return [
        Findable(label=label, by=by, url=reverse(f"admin:{app}_{model}_changelist"))
        for label, by, app, model in places
        if request.user.has_perm(f"{app}.view_{model}")
    ]
