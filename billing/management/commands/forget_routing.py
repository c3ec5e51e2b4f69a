from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from accounts.management.base import BadUse, Failed, JsonCommand, switch_named
from billing.services.routing_removal import RoutingIsKept, RoutingIsLeft, forget_routing


class Command(JsonCommand):
    help = (
        "Forget at once the routing that is kept of a switch's calls. It must not be kept any more: see"
        " `manage.py switch --no-keep-routing`. May be stopped and run again at any time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("switch")

    def handle(self, *args: Any, **options: Any) -> None:
        switch = switch_named(options["switch"])
        try:
            calls = forget_routing(switch=switch, now=timezone.now())
        except RoutingIsKept as error:
            raise BadUse(
                f"{switch} keeps the routing of calls. Turn that off first:"
                f" manage.py switch {switch} {switch.url} --no-keep-routing"
            ) from error
        except RoutingIsLeft as error:
            raise Failed("Some of it is held by days that are being loaded now. Run this again in a minute.") from error
        self.report({"switch": switch.name, "calls": calls}, f"{switch}: the routing of {calls:,} calls is forgotten.")
