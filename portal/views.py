from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


@login_not_required
def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that outlived its session: lead to the login, and from there back to the page. Nothing was done."""
    page = _page_of_the_form(request)
    if not request.user.is_authenticated:
        return redirect_to_login(page)
    return render(request, "stale_form.html", {"back": page}, status=403)


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that cannot be read. Unlike Django's own page it is not read once more for a form's token."""
    return HttpResponseBadRequest(render_to_string("400.html"))


def _page_of_the_form(request: HttpRequest) -> str:
    if not request.path.startswith(reverse("account_login").removesuffix("login/")):
        return request.path
    # A person who logged in does not want to see the login, or the log-out, once more.
    wanted = request.POST.get(REDIRECT_FIELD_NAME, "")
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}) else "/"
