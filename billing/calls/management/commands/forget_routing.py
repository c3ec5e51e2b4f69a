from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.management.base import BadUse, Failed, JsonCommand, switch_named
from billing.calls.services.routing_removal import RoutingIsKept, RoutingIsLeft, forget_routing


class Command(JsonCommand):
    about = gettext_lazy(
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
            command = f"manage.py switch {switch} {switch.url} --no-keep-routing"
            sentence = _("%(switch)s keeps the routing of calls. Turn that off first: %(command)s")
            raise BadUse(sentence % {"switch": switch, "command": command}) from error
        except RoutingIsLeft as error:
            sentence = _("Some of it is held by days that are being loaded now. Run this again in a minute.")
            raise Failed(sentence) from error
        done = ngettext(
            "%(switch)s: the routing of %(calls)s call is forgotten.",
            "%(switch)s: the routing of %(calls)s calls is forgotten.",
            calls,
        )
        self.report({"switch": switch.name, "calls": calls}, done % {"switch": switch, "calls": f"{calls:,}"})
