from django.urls import URLPattern, path

from billing.notifications.views import notify

urlpatterns: list[URLPattern] = [
    path("notify/<slug:secret>/<slug:page>", notify, name="notify"),
]
