"""The portal's own addresses, and a page to compare with: the frame of an account's pages, after a login."""

from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import Access
from billing.web.account_page import account_page
from billing.web.rendering import Request, render_account_page
from portal.urls import handler400, urlpatterns

__all__ = ["handler400", "urlpatterns"]


@require_safe
@account_page()
def nothing(request: Request, access: Access) -> HttpResponse:
    return render_account_page(request, access, "base.html", {}, now=timezone.now())


urlpatterns = [path("a/<str:public_id>/nothing/", nothing, name="nothing"), *urlpatterns]
