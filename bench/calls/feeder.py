"""A switch that knows GetCdr alone: each day of each account that is asked for has as many calls as it is told.

`python -m bench.calls.feeder COUNT` says its port in its first line.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec

from bench.calls import wire


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def __init__(self, count: int, *args: object) -> None:
        self._count = count
        super().__init__(*args)  # type: ignore[arg-type]  # the request, the address and the server

    def do_POST(self) -> None:
        body = msgspec.json.decode(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.path.endswith("/GetCdr"):
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html;charset=UTF-8")
        self.end_headers()
        day = datetime.strptime(body["beginTime"], "%Y%m%d").date()  # noqa: DTZ007  # a day of the calendar
        # A client that has measured enough goes away.
        with suppress(ConnectionError):
            for piece in wire.pieces(account=body["accounts"][0], day=day, count=self._count):
                self.wfile.write(piece)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the standard library's name
        """Quiet."""


@contextmanager
def feeder(count: int) -> Iterator[str]:
    """In a process of its own; gives its address."""
    command = [sys.executable, "-m", "bench.calls.feeder", str(count)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, int(sys.argv[1])))
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
