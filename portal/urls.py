from django.contrib import admin
from django.urls import include, path

from portal import health, views

handler400 = "portal.views.unreadable"

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    # Whoever could take any address for their own would get what the operator grants to that address.
    path("account/email/", views.closed),
    path("account/", include("allauth.urls")),
    path("staff/", admin.site.urls),
    path("", include("billing.urls")),
]
