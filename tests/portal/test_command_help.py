"""What a command does is said in the language of the person who reads it."""

from __future__ import annotations

import pytest
from django.core.management import get_commands, load_command_class
from django.utils.functional import Promise

from accounts.management.base import TranslatedCommand

OURS = sorted(
    (app, command)
    for command, app in get_commands().items()
    if app.partition(".")[0] in ("accounts", "billing", "portal")
)


def test_commands_are_found_in_every_room() -> None:
    assert {app.partition(".")[0] for app, _ in OURS} == {"accounts", "billing", "portal"}


@pytest.mark.parametrize(("app", "command"), OURS)
def test_a_command_says_in_words_that_can_be_translated_what_it_does(app: str, command: str) -> None:
    made = load_command_class(app, command)
    assert isinstance(made, TranslatedCommand)
    assert isinstance(made.about, Promise)
    assert made.create_parser("manage.py", command).description == str(made.about) != ""
