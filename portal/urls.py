from django.contrib import admin
from django.urls import include, path

from portal import health

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("account/", include("allauth.urls")),
    path("staff/", admin.site.urls),
    path("", include("billing.urls")),
]
