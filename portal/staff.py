from __future__ import annotations

from dataclasses import dataclass
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

from billing.queries import attention
from billing.queries.attention import Attention


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A line of the front page: how many rows wait for a person, and the list of them."""

    label: str
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
        waiting = _waiting(request, attention.now_waiting(now=timezone.now()))
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


def _waiting(request: HttpRequest, found: Attention) -> list[Waiting]:
    since = {"succeeded__exact": 0, "started_at__gte": found.failed_since.isoformat()}
    no_report = {"unusable_report__isempty": 0}
    listed, late = {"listed": "after_all"}, found.topups_listed_after_all
    owed = {"kind__exact": "give_back", "reissue": "none"}
    lines = (
        ("topup", gettext("Top-ups that a person must decide"), found.topups_in_review, {"state__exact": "review"}),
        ("topup", gettext("Top-ups being checked"), found.topups_in_doubt, {"state__exact": "in_doubt"}),
        ("topup", gettext("Not done as we know, yet listed by the switch"), late, listed),
        ("topup", gettext("Give-backs that are owed to an agent"), found.owed_to_agents, owed),
        ("topup", gettext("Re-issues that wait for a second person"), found.reissues_to_approve, {"reissue": "asked"}),
        ("onlinepayment", gettext("Payments by card that are not credited"), found.paid_and_not_credited, {"owed": 1}),
        ("case", gettext("Open cases"), found.open_cases, {"closed_at__isempty": 1}),
        ("callday", gettext("Days of calls that differ"), found.days_that_differ, {"state__exact": "differs"}),
        ("callday", gettext("Days of calls whose report cannot be used"), found.days_without_report, no_report),
        ("jobrun", gettext("Jobs that failed in the last hour"), found.failed_runs, since),
    )
    return [
        Waiting(label=label, count=count, url=f"{reverse(f'admin:billing_{model}_changelist')}?{urlencode(query)}")
        for model, label, count, query in lines
        if request.user.has_perm(f"billing.view_{model}")
    ]


def _findable(request: HttpRequest) -> list[Findable]:
    places = (
        (gettext("An account"), gettext("number or name"), "accounts", "account"),
        (gettext("A top-up"), gettext("reference, account or e-mail"), "billing", "topup"),
        (gettext("A person"), gettext("e-mail or name"), "accounts", "user"),
        (gettext("What was done"), gettext("person, account or words"), "accounts", "auditentry"),
    )
    return [
        Findable(label=label, by=by, url=reverse(f"admin:{app}_{model}_changelist"))
        for label, by, app, model in places
        if request.user.has_perm(f"{app}.view_{model}")
    ]
