from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.models import Invitation
from accounts.staff_pages.base import ReadOnlyAdmin
from accounts.staff_pages.filters import OfAccount, in_words


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin[Invitation]):
    """Invitations, which are sent again or taken back on the members' page of their account."""

    list_display = ("email", "of_account", "role", "source", "invited_by", "created_at", "expires_at", "accepted_at")
    list_select_related = ("account", "invited_by")
    list_filter = (
        OfAccount,
        "source",
        ("accepted_at", in_words(_("state"), empty=_("not accepted"), filled=_("accepted"))),
    )
    search_fields = ("email", "account__number", "account__name")
