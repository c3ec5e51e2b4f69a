from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase


class StaffSite(admin.AdminSite):
    site_header = site_title = "Support"
    index_title = "What is there"
    site_url = "/"

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponseBase:  # type: ignore[override]  # the stub promises HttpResponse alone
        """There is one login page, with its rate limits; who is logged in and no staff is told so."""
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next", "/staff/"))
