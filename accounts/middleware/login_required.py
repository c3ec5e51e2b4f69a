from urllib.parse import urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequired
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django_htmx.http import HttpResponseClientRedirect


class LoginRequiredMiddleware(DjangoLoginRequired):
    """Deny by default: every view wants a login unless it is marked with `login_not_required`."""

    def handle_no_permission(  # type: ignore[override]  # htmx is redirected by a header, not by a status
        self, request: HttpRequest, view_func: object
    ) -> HttpResponseBase:
        if request.headers.get("HX-Request") != "true":
            return super().handle_no_permission(request, view_func)  # type: ignore[arg-type]
        # A fragment must not be replaced by a login page: the browser goes there, and then back to the page it was on.
        page = request.headers.get("HX-Current-URL", "/")
        login: HttpResponse = redirect_to_login(_path_of(page))
        return HttpResponseClientRedirect(login["Location"])


def _path_of(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:  # no address at all, such as http://[
        return "/"
    return parts.path + (f"?{parts.query}" if parts.query else "")
