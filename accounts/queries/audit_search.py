"""Searches the audit trail. Every search ends at an index or at a bound."""

from __future__ import annotations

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet

from accounts.models import Account, AuditEntry, User
from accounts.models.audit_entry import WORDS

MOST_OF_A_KIND = 100


def search(entries: QuerySet[AuditEntry], text: str) -> QuerySet[AuditEntry]:
    """Entries of people and accounts whose name or number holds the text, and those that hold all of its words."""
    people = User.objects.filter(Q(email__icontains=text) | Q(name__icontains=text)).order_by("pk")
    accounts = Account.objects.filter(Q(number__icontains=text) | Q(name__icontains=text)).order_by("pk")
    words = SearchQuery(text, config="simple")
    return entries.alias(words=WORDS).filter(
        Q(user__in=list(people[:MOST_OF_A_KIND])) | Q(account__in=list(accounts[:MOST_OF_A_KIND])) | Q(words=words)
    )
