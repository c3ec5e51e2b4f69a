"""Records that could not be read: all are counted, and the first are kept for staff to see what was wrong with them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from billing.calls.models import UnreadableRecord
from billing.lib.reasons import Because
from billing.vos3000.operations.calls import Cdr

logger = logging.getLogger(__name__)

MOST_KEPT = 100
LONGEST = 200


@dataclass
class UnreadableRecords:
    """Records of one answer that could not be read; of the first of them, the reason and an excerpt."""

    count: int = 0
    records: list[tuple[Because, str]] = field(default_factory=list)

    def add(self, reason: Because, excerpt: str) -> None:
        self.count += 1
        if len(self.records) < MOST_KEPT:
            self.records.append((reason, excerpt[:LONGEST]))


def excerpt_of(record: Cdr) -> str:
    """Write down what tells a record from others, without what its customer may not see."""
    shown = {"flowNo": record.flow_no, "account": record.account, "start": record.start, "stop": record.stop}
    return json.dumps({**shown, "holdTime": record.hold_time, "fee": str(record.fee)})[:LONGEST]


def keep(*, accounts: Iterable[int], day: date, found: UnreadableRecords, now: datetime) -> None:
    """Keep the unreadable records of these days in place of the ones before; what is the same is not written again."""
    for account in accounts if found.records else ():
        logger.warning("Account %s, %s: %s records cannot be read", account, day, found.count)
    before = UnreadableRecord.objects.filter(account__in=accounts, day=day)
    rows = sorted(((account, *record) for account in accounts for record in found.records), key=str)
    if sorted(before.values_list("account_id", "reason", "excerpt"), key=str) == rows:
        return
    before.delete()
    UnreadableRecord.objects.bulk_create(
        UnreadableRecord(account_id=account, day=day, reason=reason, excerpt=excerpt, noticed_at=now)
        for account, reason, excerpt in rows
    )
