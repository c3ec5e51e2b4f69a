"""The pages that show who is a member of an account and who is invited, and on which its owners change that."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import Access
from accounts.actions import Action
from accounts.models import Invitation, Role
from accounts.services import invitations
from accounts.services import memberships as services
from accounts.services.invitations import AlreadyMember, InvitationClosed, Issued, TooManyInvitations
from accounts.services.last_owner import LastOwner
from accounts.web import rate_limits
from billing.members.forms.members import InviteForm, RoleForm
from billing.web.account_page import account_page, after_fresh_login
from billing.web.rendering import Request, render_account_page

MOST_LISTED = 200
LAST_OWNER = _("An account keeps at least one owner. Make another member an owner first.")
NOT_MAILED = _("The mail could not be sent just now. The invitation stands: send it again in a while.")
ENDED = _("This invitation was accepted or taken back meanwhile.")


@require_safe
@account_page(Action.MEMBERS)
def members(request: Request, access: Access) -> HttpResponse:
    now = timezone.now()
    invited = access.account.invitations.filter(accepted_at=None, revoked_at=None).order_by("-created_at")
    context = {
        "memberships": access.account.memberships.select_related("user").order_by("role", "user__email")[:MOST_LISTED],
        "invited": [(invitation, invitation.expires_at <= now) for invitation in invited[:MOST_LISTED]],
        "may_manage": access.may(Action.MANAGE_MEMBERS),
        "may_resend": access.may(Action.RESEND_INVITATION),
    }
    return render_account_page(request, access, "members/members.html", context, now=now)


@require_http_methods(["GET", "HEAD", "POST"])
@account_page(Action.MANAGE_MEMBERS)
@after_fresh_login
def invite(request: Request, access: Access) -> HttpResponse:
    now = timezone.now()
    form = InviteForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        rate_limits.spend(request, "invite")
        try:
            issued = invitations.invite(
                account=access.account,
                email=form.cleaned_data["email"],
                role=Role(form.cleaned_data["role"]),
                source=Invitation.Source.MEMBER,
                by=request.user,
                now=now,
            )
        except AlreadyMember:
            form.add_error("email", gettext("The person with this address is a member already."))
        except TooManyInvitations:
            form.add_error(None, gettext("Too many invitations are open. Take some back first."))
        else:
            return _mailed(request, access, issued)
    return render_account_page(request, access, "members/member_invite.html", {"form": form}, now=now)


@require_POST
@account_page(Action.MANAGE_MEMBERS)
@after_fresh_login
def change_role(request: Request, access: Access, pk: int) -> HttpResponse:
    membership = get_object_or_404(access.account.memberships.select_related("user"), pk=pk)
    form = RoleForm(request.POST)
    if form.is_valid():
        try:
            role = Role(form.cleaned_data["role"])
            services.change_role(membership=membership, role=role, by=access, now=timezone.now())
        except LastOwner:
            messages.error(request, LAST_OWNER)
    return redirect("members", access.account.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@account_page(Action.MANAGE_MEMBERS)
@after_fresh_login
def remove(request: Request, access: Access, pk: int) -> HttpResponse:
    """Ask whether to remove the member; a POST does it."""
    membership = get_object_or_404(access.account.memberships.select_related("user"), pk=pk)
    if request.method != "POST":
        context = {"membership": membership, "is_oneself": membership.user == request.user}
        return render_account_page(request, access, "members/member_remove.html", context, now=timezone.now())
    try:
        services.remove(membership=membership, by=access, now=timezone.now())
    except LastOwner:
        messages.error(request, LAST_OWNER)
        return redirect("members", access.account.public_id)
    messages.success(request, gettext("%(email)s is no longer a member.") % {"email": membership.user.email})
    if membership.user == request.user:
        return redirect("home")
    return redirect("members", access.account.public_id)


@require_POST
@account_page(Action.RESEND_INVITATION)
def resend(request: Request, access: Access, pk: int) -> HttpResponse:
    invitation = get_object_or_404(access.account.invitations, pk=pk)
    rate_limits.spend(request, "invite")
    try:
        issued = invitations.renew(invitation=invitation, by=access, now=timezone.now())
    except InvitationClosed:
        messages.error(request, ENDED)
        return redirect("members", access.account.public_id)
    return _mailed(request, access, issued)


@require_POST
@account_page(Action.MANAGE_MEMBERS)
def revoke(request: Request, access: Access, pk: int) -> HttpResponse:
    invitation = get_object_or_404(access.account.invitations, pk=pk)
    if invitations.revoke(invitation=invitation, by=access, now=timezone.now()):
        messages.success(request, gettext("The invitation of %(email)s is taken back.") % {"email": invitation.email})
    else:
        messages.error(request, ENDED)
    return redirect("members", access.account.public_id)


def _mailed(request: Request, access: Access, issued: Issued) -> HttpResponse:
    if invitations.send(issued):
        messages.success(
            request, gettext("A mail with a link is on its way to %(email)s.") % {"email": issued.invitation.email}
        )
    else:
        messages.error(request, NOT_MAILED)
    return redirect("members", access.account.public_id)
