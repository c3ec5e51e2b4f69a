"""The portal's own addresses, and a page to compare with: a person who is signed in posts, and one row is inserted."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.access import Access
from accounts.models import Note
from billing.web.account_page import account_page
from billing.web.rendering import Request
from portal.urls import handler400, urlpatterns

__all__ = ["handler400", "urlpatterns"]


@require_POST
@account_page()
def insert(request: Request, access: Access) -> HttpResponse:
    Note.objects.create(account=access.account, by=request.user, at=timezone.now(), text=request.POST["text"])
    return redirect("overview", access.account.public_id)


urlpatterns = [path("a/<str:public_id>/insert-one-row/", insert, name="insert_one_row"), *urlpatterns]
