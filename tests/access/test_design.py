"""Every page about a login is the portal's own, wherever its view comes from."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator

from tests.access.steps import other_steps
from tests.access.world import World, build
from tests.support.logins import show_password
from tests.support.raw import as_sent

pytestmark = pytest.mark.django_db

OURS = ("portal/frame.css", 'class="skip unseen"', "<h1")
# Of allauth's templates as they come.
THEIRS = ("Menu:", "Two-Factor Authentication", "<style", 'class="primaryAction"')
FRESH = "→account_reauthenticate"
AREAS = ("account", "mfa_", "usersessions", "invitation", "claim")


@pytest.fixture
def world(settings: Any) -> World:
    settings.SECOND_FACTOR_REQUIRED = False
    return build()


def test_every_page_about_a_login_is_in_the_portals_design(world: World) -> None:
    show_password(world.client("viewer"))
    Authenticator.objects.filter(pk=world.passkey.pk).update(user=world.users["viewer"])
    steps = [step for step in other_steps(world) if step.method == "GET" and step.page.startswith(AREAS)]
    shown: dict[str, str] = {}
    for step in steps:
        if step.page not in shown and (step.expected == "page" or step.expected == FRESH):
            answer = world.client("anonymous" if step.role == "anonymous" else "viewer").get(step.address)
            if answer.status_code == 200:
                shown[step.page] = as_sent(answer.content)
    assert len(shown) > 18
    for page, text in shown.items():
        assert [piece for piece in OURS if piece not in text] == [], page
        assert [piece for piece in THEIRS if piece in text] == [], page
