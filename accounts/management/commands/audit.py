from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.management.base import BadUse, JsonCommand
from accounts.models import Account, AuditAction, AuditEntry, User
from accounts.services import audit

AT_ONCE = 2000


class Command(JsonCommand):
    about = gettext_lazy("Print the audit trail, oldest first. With --json each entry is a line of its own.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--since", metavar="D", help=_("first day, YYYY-MM-DD, or an instant; without a zone in UTC")
        )
        parser.add_argument("--until", metavar="D", help=_("last day, all of it, or the instant that ends it"))
        parser.add_argument("--account", metavar="A", help=_("VOS3000 account id, or the id in page addresses"))
        parser.add_argument("--user", metavar="EMAIL", help=_("what they did, and what was done to their login"))

    def handle(self, *args: Any, **options: Any) -> None:
        for entry in _chosen(options).iterator(chunk_size=AT_ONCE):
            self.stdout.write(json.dumps(_data(entry), cls=DjangoJSONEncoder) if options["json"] else _line(entry))
        asked = ", ".join(f"{name} {options[name]}" for name in ("since", "until", "account", "user") if options[name])
        audit.note(action=AuditAction.EXPORTED, now=timezone.now(), text=f"the audit trail: {asked or 'all of it'}")


def _chosen(options: dict[str, Any]) -> QuerySet[AuditEntry]:
    entries = AuditEntry.objects.select_related("account__switch", "via").order_by("at", "id")
    since, until = _instant(options["since"], "--since"), _instant(options["until"], "--until", is_end=True)
    if since and until and since >= until:
        raise BadUse(_("--since %(since)s is not before --until %(until)s.") % options)
    if since:
        entries = entries.filter(at__gte=since)
    if until:
        entries = entries.filter(at__lt=until)
    if options["account"]:
        entries = entries.filter(account__in=list(_accounts(options["account"])))
    if options["user"]:
        user = _user(options["user"])
        entries = entries.filter(Q(user=user) | Q(subject_type=user._meta.label_lower, subject_id=str(user.pk)))
    return entries


def _accounts(text: str) -> Iterator[Account]:
    """All of that number: switches may have the same ones."""
    found = Account.objects.filter(Q(number=text) | Q(public_id=text))
    if not found:
        raise BadUse(_("There is no account %(account)s.") % {"account": text})
    yield from found


def _user(email: str) -> User:
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        raise BadUse(_("There is no user with the address %(email)s.") % {"email": email})
    return user


def _instant(text: str | None, option: str, *, is_end: bool = False) -> datetime | None:
    if text is None:
        return None
    try:
        if len(text) == len("YYYY-MM-DD"):
            midnight = datetime.combine(date.fromisoformat(text), time(), UTC)
            return midnight + timedelta(days=1) if is_end else midnight
        instant = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        sentence = _("%(option)s %(text)s is neither a day written YYYY-MM-DD nor an instant.")
        raise BadUse(sentence % {"option": option, "text": text}) from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _data(entry: AuditEntry) -> dict[str, object]:
    return {
        "id": entry.pk,
        "at": entry.at.isoformat(),
        "who": entry.who,
        "role": entry.role,
        "via": entry.via.number if entry.via else None,
        "switch": entry.account.switch.name if entry.account else None,
        "account": entry.account.number if entry.account else None,
        "action": entry.action,
        "kind": entry.subject_type,
        "what": entry.subject,
        "text": entry.text,
        "changes": entry.changes,
        "address": entry.address,
        "session": entry.session,
        "browser": entry.user_agent,
    }


def _line(entry: AuditEntry) -> str:
    account = entry.account.number if entry.account else "—"
    changes = "; ".join(f"{field}: {before} → {after}" for field, (before, after) in entry.changes.items())
    what = " ".join(filter(None, (entry.subject, entry.text, changes)))
    who = f"{entry.who or '—'} ({entry.role})"
    return f"{entry.at:%Y-%m-%d %H:%M:%S}  {who}  {account}  {entry.get_action_display()} {what}".rstrip()
