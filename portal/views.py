from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@login_not_required
def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that outlived its session: to the login, and from there back to the page. Nothing was done."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    return render(request, "stale_form.html", {"back": request.path}, status=403)
