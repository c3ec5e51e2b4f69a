"""Mails that tell people what was done to a login or a membership, so that they notice what was not their doing.

They are written here, in the transaction of what they tell of, and sent later: no page waits for a mail server.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from allauth.account.adapter import get_adapter
from django.core.mail import EmailMultiAlternatives

from accounts.models import Account, Membership, Notice, Role, User
from accounts.services import mail_retries
from accounts.services.mail_retries import Mailed


def member_joined(membership: Membership, *, now: datetime) -> None:
    """Tell the account's other owners."""
    others = [owner for owner in owners(membership.account) if owner != membership.user]
    _send("member_joined", others, {"membership": membership, "account": membership.account}, now)


def role_changed(membership: Membership, *, now: datetime) -> None:
    """Tell the person concerned and the account's owners."""
    readers = [membership.user, *owners(membership.account)]
    _send("role_changed", readers, {"membership": membership, "account": membership.account}, now)


def member_removed(*, user: User, account: Account, now: datetime) -> None:
    """Tell the person concerned and the account's owners."""
    _send("member_removed", [user, *owners(account)], {"member": user, "account": account}, now)


def new_browser(*, user: User, device: str, address: str, now: datetime) -> None:
    _send("new_browser", [user], {"device": device, "address": address, "at": now}, now)


def factors_forgotten(user: User, *, now: datetime) -> None:
    _send("factors_forgotten", [user], {}, now)


def address_changed(*, before: str, now: datetime) -> None:
    """Tell the address that it was: the person who reads it might know nothing of the change."""
    queue_mail("accounts/notices/address_changed", [before], {"before": before}, now)


def owners(account: Account) -> list[User]:
    return list(
        User.objects.filter(is_active=True, memberships__account=account, memberships__role=Role.OWNER).order_by("id")
    )


def queue_mail(template: str, emails: Iterable[str], about: Mapping[str, object], now: datetime) -> None:
    """Write down one mail for each address, to be sent soon."""
    for email in emails:
        message = get_adapter().render_mail(template, email, {"email": email, **about})
        html = next((str(content) for content, kind in message.alternatives if kind == "text/html"), "")
        text = {"subject": str(message.subject)[:300], "text": str(message.body), "html": html}
        Notice.objects.create(to=email, written_at=now, next_attempt_at=now, **text)


def send_due(*, now: datetime) -> Mailed:
    return mail_retries.send_due(rows=Notice.objects.all(), compose=_compose, now=now)


def forget(*, before: datetime) -> int:
    """Drop those written before that were sent or given up; the number of those dropped."""
    return Notice.objects.filter(written_at__lt=before, next_attempt_at=None).delete()[0]


def _compose(notice: Notice) -> EmailMultiAlternatives:
    name = f"notice-{notice.pk}-{notice.written_at:%Y%m%d%H%M%S}"
    return mail_retries.message(to=notice.to, subject=notice.subject, text=notice.text, html=notice.html, name=name)


def _send(name: str, readers: Iterable[User], about: Mapping[str, object], now: datetime) -> None:
    queue_mail(f"accounts/notices/{name}", dict.fromkeys(reader.email for reader in readers), about, now)
