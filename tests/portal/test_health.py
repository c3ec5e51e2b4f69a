from __future__ import annotations

import json
import subprocess
import sys

import pytest
from django.test import Client

from tests.support.demo import CHECKOUT
from tests.support.processes import PRODUCTION

NOTHING_THERE = {
    **PRODUCTION,
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}
ASK = """
import json, django
django.setup()
from django.test import Client
answers = [Client(headers={"host": "portal.example.com"}).get(path) for path in ("/healthz", "/readyz")]
print(json.dumps([[answer.status_code, answer.json()] for answer in answers]))
"""


@pytest.mark.django_db
def test_is_ready_when_its_servers_answer_to_any_visitor(client: Client) -> None:
    assert client.get("/healthz").json() == {"alive": True}
    assert client.get("/readyz").json() == {"postgresql": True, "redis": True}


def test_lives_but_is_not_ready_without_its_servers() -> None:
    asked = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=CHECKOUT,
        env={**NOTHING_THERE, "DJANGO_SETTINGS_MODULE": "portal.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    alive, ready = json.loads(asked.stdout)
    assert alive == [200, {"alive": True}]
    assert ready == [503, {"postgresql": False, "redis": False}]


@pytest.mark.parametrize("name", ["web", "money", "calls", "beat", "nothing-of-that-name"])
def test_a_process_that_is_not_there_is_not_well(name: str) -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "portal.healthcheck", name],
        cwd=CHECKOUT,
        env={**NOTHING_THERE, "PORT": "1", "BEAT_SCHEDULE": "/nowhere/schedule"},
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert checked.returncode in {1, 2}
    assert checked.stderr == b""
