"""The pages below /account/: the portal's own, and allauth's for all that they do not replace."""

from django.urls import include, path
from django.views.generic import RedirectView

from accounts.views import email_address, invitations, passwords, security, time_zone

urlpatterns = [
    path("email/", email_address.email),
    path("confirm-email/<str:key>/", email_address.confirm_email),
    path("password/set/", passwords.password_set),
    # One page has all of it, so allauth's lists of a part lead there.
    path("2fa/", security.overview),
    path("2fa/webauthn/", RedirectView.as_view(pattern_name="mfa_index")),
    path("sessions/", security.sessions),
    path("time-zone/", time_zone.time_zone, name="time_zone"),
    path("invitation/", invitations.invitation, name="invitation"),
    path("invitation/join/", invitations.join, name="invitation_join"),
    path("invitation/accept/", invitations.accept, name="invitation_accept"),
    path("invitation/<slug:token>/", invitations.link, name="invitation_link"),
    path("", include("allauth.urls")),
]
