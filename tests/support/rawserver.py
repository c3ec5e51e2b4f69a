"""A server that answers with exactly the bytes a test gives it, and breaks off exactly where the test says."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

Reply = Callable[[socket.socket], None]


@dataclass(frozen=True)
class Received:
    """One request as it came; `connection` counts the connections from 0, `pieces` what was received at once."""

    line: str
    headers: dict[str, str]
    text: bytes
    connection: int
    pieces: int

    @property
    def body(self) -> dict[str, Any]:
        fields: dict[str, Any] = json.loads(self.text)
        return fields


def http(
    body: bytes | str, *, status: str = "200 OK", headers: str = "", length: int | None = None, keep: bool = False
) -> bytes:
    content = body.encode() if isinstance(body, str) else body
    size = len(content) if length is None else length
    connection = "keep-alive" if keep else "close"
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {size}\r\nConnection: {connection}\r\n"
    return f"{head}{headers}\r\n".encode() + content


def reply(
    body: bytes | str, *, status: str = "200 OK", headers: str = "", length: int | None = None, keep: bool = False
) -> Reply:
    raw = http(body, status=status, headers=headers, length=length, keep=keep)

    def send(connection: socket.socket) -> None:
        connection.sendall(raw)
        if not keep:
            connection.close()

    return send


def send_raw(raw: bytes) -> Reply:
    """These bytes, then a proper end."""

    def send(connection: socket.socket) -> None:
        connection.sendall(raw)
        connection.close()

    return send


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def hang_up(connection: socket.socket) -> None:
    connection.close()


class RawServer:
    """Takes one reply from `replies` for each request; further requests are hung up on."""

    def __init__(self, *replies: Reply, context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.replies = deque(replies)
        self.received: list[Received] = []
        self.ended = threading.Event()
        self._context = context
        self._connections = 0
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self._open: list[socket.socket] = []
        scheme = "http" if context is None else "https"
        shown = f"[{host}]" if ":" in host else host
        self.url = f"{scheme}://{shown}:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()
        self._thread.join(5)

    @property
    def connections(self) -> int:
        """How many were accepted so far."""
        return self._connections

    def trickle(self, raw: bytes, piece: bytes, pause: float) -> Reply:
        """`raw`, then `piece` again and again until the test ends."""

        def send(connection: socket.socket) -> None:
            connection.sendall(raw)
            while not self.ended.wait(pause):
                connection.sendall(piece)

        return send

    def become(self, context: ssl.SSLContext) -> None:
        """Further connections meet another certificate."""
        self._context = context

    def silence(self, connection: socket.socket) -> None:
        self.ended.wait()

    def _serve(self) -> None:
        while not self.ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            number = self._connections
            self._connections += 1
            threading.Thread(target=self._converse, args=(connection, number), daemon=True).start()

    def _converse(self, plain: socket.socket, number: int) -> None:
        try:
            connection = plain if self._context is None else self._context.wrap_socket(plain, server_side=True)
            self._open.append(connection)
            while self._answer(connection, number):
                pass
        except OSError:
            plain.close()

    def _answer(self, connection: socket.socket, number: int) -> bool:
        request = _read_request(connection, number)
        if request is None:
            connection.close()
            return False
        self.received.append(request)
        answer = self.replies.popleft() if self.replies else hang_up
        answer(connection)
        return connection.fileno() != -1


def _read_request(connection: socket.socket, number: int) -> Received | None:
    data, pieces = b"", 0
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data, pieces = data + piece, pieces + 1
    head, _, body = data.partition(b"\r\n\r\n")
    line, *rest = head.decode().split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (entry.partition(":") for entry in rest)}
    while len(body) < int(headers.get("content-length", "0")):
        body, pieces = body + connection.recv(65536), pieces + 1
    return Received(line, headers, body, number, pieces)
