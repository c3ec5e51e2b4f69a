"""People: making them, letting them in, and who may do that to whom."""

from __future__ import annotations

from datetime import datetime

from allauth.account.forms import ResetPasswordForm
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission
from django.contrib.auth.password_validation import validate_password
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts import audit, notices, owners
from accounts.models import Account, AuditAction, Membership, Role, User

SUPPORT = "support"


@transaction.atomic
def grant(
    *,
    email: str,
    account: Account,
    role: Role | None,
    now: datetime,
    password: str | None = None,
    staff: bool = False,
) -> Membership:
    """Let somebody see an account; the user is made if absent, then as owner unless a role is named.

    A membership that is there already keeps its role unless one is named. Without a password a new user has none:
    the mail for a forgotten one is their way in. `staff` puts them among the support agents as well.
    Raises ValidationError for an address or a password that will not do, and LastOwner when nobody else would be owner;
    then nothing has changed.
    """
    user = ensure_user(email=email, now=now, password=password)
    if staff:
        make_staff(user, SUPPORT, now=now)
    membership, made = Membership.objects.get_or_create(
        user=user, account=account, defaults={"role": role or Role.OWNER}
    )
    if made:
        audit.note(action=AuditAction.ADDED, now=now, subject=membership)
        notices.member_joined(membership, now=now)
    elif role is not None and membership.role != role:
        owners.hold(account)
        if role != Role.OWNER:
            owners.keep_one(membership)
        changes = audit.changed({"role": membership.role}, {"role": role})
        membership.role = role
        membership.save(update_fields=["role"])
        audit.note(action=AuditAction.CHANGED, now=now, subject=membership, changes=changes)
        notices.role_changed(membership, now=now)
    return membership


@transaction.atomic
def choose_time_zone(*, user: User, time_zone: str, now: datetime) -> None:
    """In which times are shown to them; empty: in the switch's own."""
    changes = audit.changed({"time_zone": user.time_zone}, {"time_zone": time_zone})
    if not changes:
        return
    user.time_zone = time_zone
    user.save(update_fields=["time_zone"])
    audit.note(action=AuditAction.CHANGED, now=now, by=user, subject=user, changes=changes)


def check_person(*, email: str, password: str | None) -> None:
    """Raises ValidationError for an address or a password that will not do."""
    email = email.strip().lower()
    validate_email(email)
    if password is not None:
        validate_password(password, User.objects.filter(email=email).first() or User(email=email))


@transaction.atomic
def ensure_user(*, email: str, now: datetime, password: str | None = None) -> User:
    """The user of that address, in any case of letters; a password that is given becomes theirs.

    Raises ValidationError for an address or a password that will not do.
    """
    check_person(email=email, password=password)
    email = email.strip().lower()
    user = User.objects.filter(email=email).first() or _make_user(email, password, now)
    if password is not None and not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
        audit.note(action=AuditAction.PASSWORD_SET, now=now, subject=user)
    confirm_address(user)
    return user


def _make_user(email: str, password: str | None, now: datetime) -> User:
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password)
            audit.note(action=AuditAction.ADDED, now=now, subject=user)
            return user
    except IntegrityError:
        # Somebody else made them a moment ago.
        return User.objects.get(email=email)


@transaction.atomic
def make_staff(user: User, name: str, *, now: datetime) -> None:
    """Put somebody into a group of the staff."""
    group, _ = Group.objects.get_or_create(name=name)
    if user.is_staff and user.groups.filter(pk=group.pk).exists():
        return
    before = audit.staff_role(user) if user.is_staff else ""
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    user.groups.add(group)
    changes = audit.changed({"groups": before}, {"groups": audit.staff_role(user)})
    audit.note(action=AuditAction.CHANGED, now=now, subject=user, changes=changes)


@transaction.atomic
def confirm_address(user: User) -> None:
    """Tell allauth that the user's address is theirs: the operator vouches for it, and mail goes there alone."""
    EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})


def ensure_address(user: User) -> None:
    """The same where it was not said before; another address that they are changing to stays asked for."""
    if not EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists():
        confirm_address(user)


def send_password_mail(*, user: User, request: HttpRequest) -> None:
    """The same mail that a person gets who says that the password is forgotten."""
    form = ResetPasswordForm(data={"email": user.email})
    if form.is_valid():
        form.save(request)


@transaction.atomic
def forget_factors(user: User, *, now: datetime) -> bool:
    """For who has lost phone and codes: the password alone logs them in again. False if there was nothing to forget."""
    deleted, _ = Authenticator.objects.filter(user=user).delete()
    if deleted:
        notices.factors_forgotten(user, now=now)
    return bool(deleted)


def may_manage(*, by: User, user: User) -> bool:
    """Nobody changes a person who may do more than they may: a changed address is a way into that login."""
    if by.is_superuser:
        return True
    return not user.is_superuser and not _held(user).exclude(id__in=_held(by).values("id")).exists()


def groups_to_give(by: User) -> QuerySet[Group]:
    """The groups that allow nothing that the giver may not do."""
    if by.is_superuser:
        return Group.objects.all()
    beyond = Permission.objects.exclude(id__in=_held(by).values("id"))
    return Group.objects.exclude(permissions__in=beyond)


def _held(user: User) -> QuerySet[Permission]:
    return Permission.objects.filter(Q(user=user) | Q(group__user=user))
