from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from accounts.models import Switch
from accounts.services import audit

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class BadUse(Exception):
    """What was asked for makes no sense. The sentence goes to standard error; exit code 2."""


class Failed(Exception):
    """It was tried and did not succeed. The sentence, if any, goes to standard error; exit code 1."""


def switch_named(name: str) -> Switch:
    """Raises BadUse."""
    switch = Switch.objects.filter(name=name).first()
    if switch is None:
        raise BadUse(_("There is no switch called %(name)s.") % {"name": name})
    return switch


class TranslatedCommand(BaseCommand):
    """A command whose help, `about`, is in the language of the person who reads it."""

    about: StrOrPromise = ""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        self.help = str(self.about)
        return super().create_parser(prog_name, subcommand, **kwargs)


class JsonCommand(TranslatedCommand):
    """A command for people and, with `--json`, for programs. Exit code 0 done, 1 failed, 2 bad use."""

    as_json = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help=_("for programs: JSON instead of sentences"))

    def execute(self, *args: Any, **options: Any) -> str | None:
        self.as_json = options["json"]
        try:
            with audit.within_command():
                return super().execute(*args, **options)
        except BadUse as error:
            self._end(error, 2)
        except Failed as error:
            self._end(error, 1)

    def report(self, data: Mapping[str, object], text: str) -> None:
        self.stdout.write(json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False) if self.as_json else text)

    def _end(self, error: Exception, code: int) -> NoReturn:
        if str(error):
            self.stderr.write(str(error))
        raise SystemExit(code) from error
