from django.urls import URLPattern, path

from billing.overview.views.home import home
from billing.overview.views.overview import overview

urlpatterns: list[URLPattern] = [
    path("", home, name="home"),
    path("a/<slug:public_id>/", overview, name="overview"),
]
