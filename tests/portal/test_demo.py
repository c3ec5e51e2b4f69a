"""`manage.py demo`: everything up, everything down, whatever happens in between."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest
import requests

from portal import local
from tests.support.demo import CHECKOUT, DemoProcess


def process_of(demo: DemoProcess, *words: str) -> psutil.Process:
    """The leader among the processes whose command holds all the words."""
    found = [process for process in demo.left_behind() if set(words) <= set(process.cmdline())]
    return next(process for process in found if os.getpgid(process.pid) == process.pid)


def test_says_who_may_log_in(demo: DemoProcess) -> None:
    assert set(demo.people) == {"customer", "reseller", "support", "billing", "operator"}
    assert requests.get(f"{demo.url}/readyz", timeout=10).json() == {"postgresql": True, "redis": True}


def test_the_log_of_requests_holds_no_number_that_was_looked_for_and_no_key_of_a_link(demo: DemoProcess) -> None:
    requests.get(f"{demo.url}/a/nobody/calls/?number=442079460101", timeout=10)
    requests.get(f"{demo.url}/account/password/reset/key/7-the-key-itself/", timeout=10)
    log, give_up = "", time.monotonic() + 10
    while '"GET /account/password/reset/key/.../" 200' not in log:
        assert time.monotonic() < give_up, log
        log = (demo.folder / "logs" / "web.log").read_text()
    assert '"GET /a/nobody/calls/" 302' in log
    assert "442079460101" not in log
    assert "the-key-itself" not in log


@pytest.mark.parametrize("name", ["web", "money", "calls", "exports", "beat"])
def test_the_health_checks_of_production_find_every_process_well(demo: DemoProcess, name: str) -> None:
    environment = process_of(demo, "gunicorn").environ()

    checked = subprocess.run(
        [sys.executable, "-m", "portal.healthcheck", name], cwd=CHECKOUT, env=environment, timeout=60, check=False
    )

    assert checked.returncode == 0


def test_the_other_commands_meet_the_same_servers_from_another_shell(demo: DemoProcess) -> None:
    command = f". '{demo.folder}/environment'; '{sys.executable}' manage.py reconcile demo --accounts A-20417 --json"

    told = subprocess.run(
        ["env", "-i", "sh", "-c", command], cwd=CHECKOUT, stdout=subprocess.PIPE, timeout=60, check=True
    )

    assert json.loads(told.stdout)["accounts"] == 1


def test_a_second_one_in_the_same_folder_is_refused_and_leaves_the_first_alone(demo: DemoProcess) -> None:
    second = DemoProcess(demo.folder)
    second.start()

    assert "already runs" in second.stop_by_itself()
    assert second.process.returncode == 1
    assert requests.get(f"{demo.url}/healthz", timeout=10).ok


def test_goes_on_with_its_data_after_it_was_killed(demo: DemoProcess) -> None:
    demo.process.kill()
    demo.process.wait()

    with DemoProcess(demo.folder, port=demo.port) as again:
        assert again.people == demo.people
        assert again.seconds < 15
        assert requests.get(f"{again.url}/readyz", timeout=10).ok
        again.stop(signal.SIGINT)

    assert again.process.returncode == 0
    assert again.left_behind() == []


def test_says_which_part_died_and_stops_the_rest(demo: DemoProcess) -> None:
    process_of(demo, "celery", "beat").kill()
    said = demo.stop_by_itself()

    assert "beat ended by itself" in said
    assert demo.process.returncode == 1
    assert demo.left_behind() == []


def test_a_taken_port_is_one_plain_line_before_anything_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        demo = DemoProcess(local.FOLDER / "demo-that-never-starts", port=taken.getsockname()[1])
        demo.start()
        said = demo.stop_by_itself()

    assert said.startswith(f"Port {demo.port} cannot be used")
    assert said.count("\n") == 1
    assert demo.process.returncode == 1
    assert sorted(path.name for path in demo.folder.iterdir()) == ["demo.lock"]
    shutil.rmtree(demo.folder)
