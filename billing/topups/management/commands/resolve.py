from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from accounts.management.base import Failed, JsonCommand, switch_named
from billing.switches.services.failures import FAILURES, failure
from billing.switches.services.priority import waiting_for_budget
from billing.topups.services.dead_senders import doubt_dead_senders
from billing.topups.services.doubt_resolution import resolve


class Command(JsonCommand):
    help = "Look at every top-up in doubt now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("switch")

    def handle(self, *args: Any, **options: Any) -> None:
        switch = switch_named(options["switch"])
        now = timezone.now()
        doubt_dead_senders(now=now, switch=switch)
        try:
            with waiting_for_budget():
                done = resolve(switch=switch, now=now, all_of_them=True)
        except FAILURES as error:
            raise Failed(str(failure(error).label)) from error
        self.report(
            {
                "looked_at": done.looked_at,
                "confirmed": done.confirmed,
                "in_doubt": done.in_doubt,
                "review": done.review,
                "failed": done.failed,
            },
            f"{done.looked_at} looked at: {done.confirmed} confirmed, {done.in_doubt} still in doubt, "
            f"{done.review} for review.",
        )
        if done.failed:
            raise Failed(f"The payment history of {done.failed} more could not be read.")
