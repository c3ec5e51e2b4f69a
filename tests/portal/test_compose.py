"""docker-compose.yml starts what the demo and these tests start, and nothing of the demo's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from portal import processes
from portal.celery import app
from portal.demo.up import simulator_command
from tests.support.demo import CHECKOUT

SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"]


@pytest.mark.parametrize("name", [*processes.PROCESSES, "migrate"])
def test_a_service_runs_the_command_that_the_demo_runs(name: str) -> None:
    commands = {**processes.PROCESSES, "migrate": processes.MIGRATE}

    assert tuple(SERVICES[name]["command"]) == commands[name]


def test_the_simulator_runs_the_command_that_the_demo_runs() -> None:
    command = simulator_command(host="0.0.0.0", port=8090, state_file=Path("/state/world"))  # noqa: S104  # a container's

    assert tuple(SERVICES["simulator"]["command"]) == command


def test_only_the_simulator_is_the_demos() -> None:
    assert {name for name, service in SERVICES.items() if service.get("profiles")} == {"simulator"}


def test_every_queue_has_a_worker() -> None:
    routed = {route["queue"] for route in (app.conf.task_routes or {}).values()}

    assert routed | {settings.CELERY_TASK_DEFAULT_QUEUE} <= {
        queue
        for name in ("worker-money", "worker-calls", "worker-exports")
        for queue in queues_of(SERVICES[name]["command"])
    }


def queues_of(command: list[str]) -> list[str]:
    return command[command.index("--queues") + 1].split(",")


def test_every_lasting_service_has_a_health_check() -> None:
    assert [name for name, service in SERVICES.items() if "healthcheck" not in service] == ["migrate"]


def test_no_secret_is_written_down() -> None:
    secrets = re.compile(r"(?:KEY|PASSWORD): (?!\$\{[A-Z_]+:\?)")

    assert not secrets.findall((CHECKOUT / "docker-compose.yml").read_text())


def test_the_image_leaves_the_demo_out() -> None:
    ignored = (CHECKOUT / ".dockerignore").read_text().splitlines()

    assert {"portal/demo", "portal/local.py", "portal/management/commands/demo.py"} <= set(ignored)
