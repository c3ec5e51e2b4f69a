from django.urls import URLPattern, path

from billing.members.views.claims import claim
from billing.members.views.members import change_role, invite, members, remove, resend, revoke

urlpatterns: list[URLPattern] = [
    path("account/claim/", claim, name="claim"),
    path("a/<slug:public_id>/members/", members, name="members"),
    path("a/<slug:public_id>/members/invite/", invite, name="member_invite"),
    path("a/<slug:public_id>/members/<int:pk>/role/", change_role, name="member_role"),
    path("a/<slug:public_id>/members/<int:pk>/remove/", remove, name="member_remove"),
    path("a/<slug:public_id>/invitations/<int:pk>/resend/", resend, name="invitation_resend"),
    path("a/<slug:public_id>/invitations/<int:pk>/revoke/", revoke, name="invitation_revoke"),
]
