from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from portal import health, invitation, metrics, security, time_zone

handler400 = "portal.views.unreadable"

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics.metrics),
    path("account/email/", security.email),
    path("account/confirm-email/<str:key>/", security.confirm_email),
    path("account/password/set/", security.password_set),
    # One page has all of it, so allauth's lists of a part lead there.
    path("account/2fa/", security.overview),
    path("account/2fa/webauthn/", RedirectView.as_view(pattern_name="mfa_index")),
    path("account/sessions/", security.sessions),
    path("account/time-zone/", time_zone.time_zone, name="time_zone"),
    path("account/invitation/", invitation.invitation, name="invitation"),
    path("account/invitation/join/", invitation.join, name="invitation_join"),
    path("account/invitation/accept/", invitation.accept, name="invitation_accept"),
    path("account/invitation/<slug:token>/", invitation.link, name="invitation_link"),
    path("account/", include("allauth.urls")),
    path("staff/", admin.site.urls),
    path("", include("billing.urls")),
]
