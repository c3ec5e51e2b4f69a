from django.contrib import admin
from django.urls import include, path

from portal import health, metrics

handler400 = "portal.views.unreadable"

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics.metrics),
    path("account/", include("accounts.urls")),
    path("staff/", admin.site.urls),
    path("", include("billing.urls")),
]
