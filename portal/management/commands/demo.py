from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.management.base import TranslatedCommand
from portal import local
from portal.demo.children import ChildDied, Children
from portal.demo.people import Login
from portal.demo.surroundings import ENVIRONMENT
from portal.demo.up import NotUp, bring_up


class Command(TranslatedCommand):
    about = gettext_lazy(
        "Start everything on this machine, with a simulated switch and sample people. Ctrl-C stops it."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help=_("say what is there as one line of JSON"))

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        children = Children(local.FOLDER)
        try:
            self.stderr.write(_("Starting; the first time takes a minute."), str)  # no error: no red
            people = bring_up(children, local.FOLDER)
            seconds = round(time.monotonic() - began, 1)
            self.stdout.write(_as_json(people, seconds) if options["json"] else _as_text(people, seconds))
            self.stdout.flush()
            children.watch()
        except (ChildDied, NotUp) as failure:
            raise CommandError(str(failure)) from failure
        finally:
            children.stop()


def _as_json(people: Sequence[Login], seconds: float) -> str:
    return json.dumps({"url": settings.PUBLIC_URL, "seconds": seconds, "people": [login.as_json() for login in people]})


def _as_text(people: Sequence[Login], seconds: float) -> str:
    lines = [
        "",
        f"  The portal is at {settings.PUBLIC_URL}   (started in {seconds:.0f} s)",
        "",
        *(
            f"  {login.person.role:<10} {login.person.email:<20} {login.password}   {login.person.about}"
            for login in people
        ),
        "",
        f"  The other commands, in another shell:  . {local.FOLDER / ENVIRONMENT}; {sys.executable} manage.py help",
        f"  Logs, and mails that would be sent, are in {local.FOLDER / 'logs'}.",
        "  Ctrl-C stops everything and keeps the data; `make clean` forgets it.",
        "",
    ]
    return "\n".join(lines)
