from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.management.base import Failed, JsonCommand, switch_named
from billing.switches.services.budget import Work
from billing.switches.services.failures import FAILURES, failure
from billing.switches.services.priority import doing, waiting_for_budget
from billing.topups.services.dead_senders import doubt_dead_senders
from billing.topups.services.doubt_resolution import resolve


class Command(JsonCommand):
    about = gettext_lazy("Look at every top-up in doubt now.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("switch")

    def handle(self, *args: Any, **options: Any) -> None:
        switch = switch_named(options["switch"])
        now = timezone.now()
        doubt_dead_senders(now=now, switch=switch)
        try:
            with doing(Work.MONEY), waiting_for_budget():
                done = resolve(switch=switch, now=now, all_of_them=True)
        except FAILURES as error:
            raise Failed(str(failure(error).label)) from error
        data = {
            "looked_at": done.looked_at,
            "confirmed": done.confirmed,
            "in_doubt": done.in_doubt,
            "review": done.review,
            "failed": done.failed,
        }
        sentence = _(
            "%(looked_at)s looked at: %(confirmed)s confirmed, %(in_doubt)s still in doubt, %(review)s for review."
        )
        self.report(data, sentence % data)
        if done.failed:
            unread = ngettext(
                "The payment history of %(failed)s more could not be read.",
                "The payment history of %(failed)s more could not be read.",
                done.failed,
            )
            raise Failed(unread % data)
