"""Writes the audit trail: one function does, in the transaction of what it records."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Model
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from accounts.access import Access, access_of
from accounts.models import Account, AuditAction, AuditEntry, User

COMMAND, PROCESS, VISITOR, MEMBER = "command", "background", "not logged in", "member"
TEXT_LENGTH, VALUE_LENGTH = 500, 200
SOUNDS_SECRET = ("password", "secret", "token", "phrase", "digest")
FORGET_AT_ONCE = 10_000
SEEN_AGAIN_AFTER = timedelta(minutes=1)

# By field: what it was, and what it became.
Changes = Mapping[str, tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where the code runs that records something: within a request, a command, or neither."""

    request: HttpRequest | None = None
    role: str = PROCESS


_NOWHERE = _Place()
_place: ContextVar[_Place] = ContextVar("place", default=_NOWHERE)


@contextmanager
def within_request(request: HttpRequest) -> Iterator[None]:
    with _within(_Place(request=request, role=VISITOR)):
        yield


@contextmanager
def within_command() -> Iterator[None]:
    with _within(_Place(role=COMMAND)):
        yield


def note(
    *,
    action: AuditAction,
    now: datetime,
    by: User | Access | None = None,
    account: Account | None = None,
    via: Account | None = None,
    subject: Model | None = None,
    text: str = "",
    changes: Changes | None = None,
) -> AuditEntry:
    """Record one action. Call it in the transaction that does it, so that there is never the one without the other.

    `by` is the person who acts: the Access that a page was opened with, or a user, whose role on `account` is then
    looked up; None for a command and for a visitor who is not logged in. `subject` is the row that it is about, and
    `account` the account, where `by` or the subject does not say it already. `via` is the agent that acts, where no
    Access says so. Where from (address, session, browser) is taken from the request that is being answered.

    `text`, `changes` and the subject's name hold codes, figures and English, never words of the language in which a
    page is shown: the trail is the same for every reader. Nothing secret belongs in them; see `changed`.
    """
    place = _place.get()
    access = by if isinstance(by, Access) else None
    user = by.user if isinstance(by, Access) else by
    account = account or (access.account if access else account_of(subject))
    if user is not None and access is None and via is None and place.request is not None:
        access = access_of(user, account) if account else None
    via = via or (access.via if access and access.via != access.account else None)
    return AuditEntry.objects.create(
        at=now,
        user=user,
        who=user.email if user else "",
        role=_role(place, user, access, via),
        via=via,
        account=account,
        action=action,
        subject_type=subject._meta.label_lower if subject else "",
        subject_id=str(subject.pk) if subject else "",
        subject=str(subject)[:200] if subject else "",
        text=text.replace("\0", "")[:TEXT_LENGTH],
        changes={field: list(values) for field, values in (changes or {}).items()},
        **_origin(place.request),
    )


def look(*, access: Access, path: str, now: datetime) -> None:
    """A member of staff opened a customer's page. The same page again within a minute is the same look.

    Raises ValueError when the access is a member's own: no one watches those.
    """
    if not access.as_staff:
        raise ValueError("Only what staff look at is recorded.")
    the_same = AuditEntry.objects.filter(
        account=access.account, user=access.user, action=AuditAction.LOOKED, text=path[:TEXT_LENGTH]
    )
    if not the_same.filter(at__gt=now - SEEN_AGAIN_AFTER, at__lte=now).exists():
        note(action=AuditAction.LOOKED, now=now, by=access, text=path)


def account_of(subject: Model | None) -> Account | None:
    """The account that a row is, or is of."""
    found = subject if isinstance(subject, Account) else getattr(subject, "account", None)
    return found if isinstance(found, Account) else None


def values(row: Model, fields: Iterable[str]) -> dict[str, str]:
    """Fields of a row as they are now, to be compared with `changed` later."""
    return {field: str(row.serializable_value(field)) for field in fields}


def changed(before: Mapping[str, object], after: Mapping[str, object]) -> Changes:
    """What differs between two sets of fields, shortened; of what sounds secret only that it changed."""
    return {
        field: _shown(field, before.get(field, ""), value)
        for field, value in after.items()
        if str(before.get(field, "")) != str(value)
    }


def forget(*, before: datetime) -> int:
    """Drop older entries, some thousands at a time, and return how many were dropped."""
    old = AuditEntry.objects.filter(at__lt=before).order_by("at").values("pk")[:FORGET_AT_ONCE]
    return AuditEntry.objects.filter(pk__in=old).delete()[0]


@contextmanager
def _within(place: _Place) -> Iterator[None]:
    token = _place.set(place)
    try:
        yield
    finally:
        _place.reset(token)


def _role(place: _Place, user: User | None, access: Access | None, via: Account | None) -> str:
    if user is None or place.request is None:
        return place.role
    if access is not None and access.role is not None:
        return str(access.role.value)
    if via is not None:
        return "agent"
    return staff_role(user) if user.is_staff else MEMBER


def staff_role(user: User) -> str:
    """The groups of a member of staff, such as "billing, support"."""
    groups = ["superuser"] if user.is_superuser else sorted(group.name for group in user.groups.all())
    return (", ".join(groups) or "staff")[:100]


def _origin(request: HttpRequest | None) -> dict[str, str | None]:
    if request is None:
        return {}
    session = getattr(request, "session", None)
    key = session.session_key if session else None
    return {
        "address": _ip(request.META.get("REMOTE_ADDR", "")),
        # The key itself is a way into the login.
        "session": salted_hmac("accounts.audit", key).hexdigest()[:12] if key else "",
        "user_agent": _readable(request.headers.get("User-Agent", ""))[:200],
    }


def _ip(address: str) -> str | None:
    try:
        # A zone, as in fe80::1%eth0, says something of this machine alone and no column holds it.
        return str(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return None


def _readable(text: str) -> str:
    """Drop what PostgreSQL cannot keep, such as a NUL: a browser may send anything."""
    return "".join(letter for letter in text if letter.isprintable())


def _shown(field: str, before: object, after: object) -> tuple[str, str]:
    if any(word in field for word in SOUNDS_SECRET):
        return "…", "…"
    return str(before)[:VALUE_LENGTH], str(after)[:VALUE_LENGTH]
