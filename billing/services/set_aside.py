"""Records that could not be read: counted all, and kept up to a number, so that staff see what was wrong with them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from billing.models import UnreadableRecord
from billing.vos3000.operations.calls import Cdr

logger = logging.getLogger(__name__)

MOST_KEPT = 100
LONGEST = 200


@dataclass
class SetAside:
    """Of one answer: `records` are reasons and excerpts."""

    count: int = 0
    records: list[tuple[str, str]] = field(default_factory=list)

    def add(self, reason: str, excerpt: str) -> None:
        self.count += 1
        if len(self.records) < MOST_KEPT:
            self.records.append((reason[:LONGEST], excerpt[:LONGEST]))


def excerpt_of(record: Cdr) -> str:
    shown = {"flowNo": record.flow_no, "account": record.account, "start": record.start, "stop": record.stop}
    return json.dumps({**shown, "holdTime": record.hold_time, "fee": str(record.fee)})[:LONGEST]


def keep(*, accounts: Iterable[int], day: date, found: SetAside, now: datetime) -> None:
    """In place of what was set aside when these days were read before; the same again is not written."""
    for account in accounts if found.records else ():
        logger.warning("Account %s, %s: %s records cannot be read", account, day, found.count)
    before = UnreadableRecord.objects.filter(account__in=accounts, day=day)
    wanted = sorted((account, *record) for account in accounts for record in found.records)
    if sorted(before.values_list("account_id", "reason", "excerpt")) == wanted:
        return
    before.delete()
    UnreadableRecord.objects.bulk_create(
        UnreadableRecord(account_id=account, day=day, reason=reason, excerpt=excerpt, noticed_at=now)
        for account, reason, excerpt in wanted
    )
