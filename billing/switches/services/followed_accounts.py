"""Choosing the accounts of a switch that are kept up with it. Nothing here asks the switch."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.models import Account, Switch

LOOKED_AT_LATELY = timedelta(minutes=10)
LOOKED_AT = timedelta(hours=1)
PROFILES_PER_SLOT = 500

FOLLOWED = """
    WITH RECURSIVE below (id) AS (
        SELECT account_id FROM accounts_membership
        UNION
        SELECT child.id FROM accounts_account child JOIN below ON child.parent_id = below.id
    )
    SELECT id FROM below
"""


def followed(*, switch: Switch, now: datetime) -> QuerySet[Account]:
    """Choose accounts that have a member, those below them, and those whose pages were looked at lately."""
    with connection.cursor() as cursor:
        cursor.execute(FOLLOWED)
        members = [row[0] for row in cursor.fetchall()]
    present = Account.objects.filter(switch=switch, missing_since__isnull=True)
    return present.filter(Q(pk__in=members) | Q(viewed_at__gt=now - LOOKED_AT)).select_related("switch").order_by("pk")


def watched(*, switch: Switch, now: datetime) -> QuerySet[Account]:
    """Choose followed accounts of which a page was looked at so lately that it may be open."""
    return followed(switch=switch, now=now).filter(viewed_at__gt=now - LOOKED_AT_LATELY)


def without_profile(*, switch: Switch) -> list[str]:
    """List numbers of accounts that are known from a list of balances alone."""
    bare = Account.objects.filter(switch=switch, profile_at__isnull=True, missing_since__isnull=True)
    return list(bare.order_by("pk").values_list("number", flat=True)[:PROFILES_PER_SLOT])
