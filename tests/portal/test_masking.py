"""What a log says of telephone numbers and of secrets, and what it must go on saying."""

from __future__ import annotations

import logging
import re
import socket
import subprocess
import sys
import time

import pytest

from portal.masking import Formatter, masked
from tests.support.demo import CHECKOUT
from tests.support.processes import PRODUCTION, manage

CALLEE = "8613977130009"
TOKEN = "q8Xw3_vP0dTf5kZb2mNc7rLh"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"a call to {CALLEE} ended", "a call to ***009 ended"),
        (f"a call to +{CALLEE}.", "a call to +***009."),
        (f"/calls/?number=%2B{CALLEE}&answered=yes", "/calls/?number=%2B***009&answered=yes"),
        ("{'password': 'hunter2', 'name': 'Zoe'}", "{'password': ***, 'name': 'Zoe'}"),
        ('{"pin": "9000 0005", "customerPassword": "4105"}', '{"pin": ***, "customerPassword": ***}'),
        ("password=hunter2 for zoe", "password=*** for zoe"),
        ("Cookie: __Host-session=abcdef", "Cookie: ***"),
        ("Authorization: Bearer abcdefghijkl", "Authorization: Bearer ***"),
        ("redis://:hunter2@redis.example.com:6379/0", "redis://***@redis.example.com:6379/0"),
        ("the key sk_live_51Habc was refused", "the key *** was refused"),
        (f"Gone: /account/invitation/{TOKEN}/", "Gone: /account/invitation/.../"),
        ("Not Found: /account/password/reset/key/1-c8x/", "Not Found: /account/password/reset/key/.../"),
    ],
)
def test_numbers_and_secrets_are_masked(line: str, shown: str) -> None:
    assert masked(line) == shown


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-23 07:57:54,123 INFO billing TU-7K2M9QXW4D of A-20417 is confirmed",
        "Task portal.tasks.run[12345678-1234-1234-1234-123456789012] failed",
        "12345678.123456 USD were not paid as asked for",
        '203.0.113.7 "GET /a/x7k2m9qxw4d/calls/" 200 5120 12ms',
        "Booting worker with pid: 419430",
        "The broker does not answer: billing.topups.tasks.send_topup of 4711 waits until it is found",
    ],
)
def test_what_an_operator_needs_stays(line: str) -> None:
    assert masked(line) == line


@pytest.mark.parametrize("piece", ["x", "-", ":", "7", "://:", "token=", 'token="', "%2B7"])
def test_a_line_as_long_as_anybody_likes_is_read_at_once(piece: str) -> None:
    line = f"://{piece * 20_000}"
    began = time.process_time()
    masked(line)
    assert time.process_time() - began < 5, "with a wrong pattern these are minutes"


def test_a_program_of_production_writes_none_of_them_not_even_in_a_trace() -> None:
    code = (
        "import logging; from django.conf import settings; log = logging.getLogger('billing')\n"
        f"try: raise ValueError('{CALLEE}', settings.SECRET_KEY)\n"
        "except ValueError: log.exception('%s', settings.DATABASES['default']['PASSWORD'])"
    )
    url = "postgresql://portal:correct-horse-battery@db.example.com/portal"
    said = manage("shell", "-c", code, **{**PRODUCTION, "DATABASE_URL": url}).stderr

    assert "ERROR billing ***\nTraceback" in said
    assert "***009" in said
    for secret in (CALLEE, PRODUCTION["SECRET_KEY"], "correct-horse"):
        assert secret not in said


def test_a_visitor_does_not_write_a_line_of_their_own_into_a_log() -> None:
    said = Formatter("%(levelname)s %(message)s").format(
        logging.LogRecord("x", logging.WARNING, "", 0, "Not Found: %s", ("/a\r\nINFO all is well",), None)
    )
    assert said == r"WARNING Not Found: /a\r\nINFO all is well"


def test_the_web_server_writes_none_of_them_into_its_own_log() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # No database is asked for: everything is answered by the way to HTTPS.
    environment = {
        **PRODUCTION,
        "PATH": "/usr/bin:/bin",
        "BIND": "127.0.0.1",
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "portal/gunicorn.py", "portal.wsgi"]
    server = subprocess.Popen(
        command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        for path in (f"/no/page/{CALLEE}", f"/account/invitation/{TOKEN}/", f"/a/?number={CALLEE}"):
            _ask(port, path)
    finally:
        server.terminate()
        said, _ = server.communicate(timeout=30)
    assert '"GET /no/page/***009" 301' in said
    assert '"GET /account/invitation/.../" 301' in said
    assert re.search(r"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\] 127.0.0.1 \"GET", said, re.MULTILINE)
    assert CALLEE not in said
    assert TOKEN not in said


def _ask(port: int, path: str) -> None:
    give_up = time.monotonic() + 40
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as wire:
                wire.sendall(f"GET {path} HTTP/1.1\r\nHost: portal.example.com\r\nConnection: close\r\n\r\n".encode())
                assert wire.recv(100).startswith(b"HTTP/1.1 301")
                return
        except ConnectionRefusedError:
            assert time.monotonic() < give_up
            time.sleep(0.1)
