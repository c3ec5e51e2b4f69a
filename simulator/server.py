"""Serves the interface and its control over HTTP."""

import socket
import ssl
import struct
import sys
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from threading import Event, Thread
from typing import Any

from simulator.controls import Controls
from simulator.interface import Interface
from simulator.replies import Manner, Reply, page

_LARGEST_BODY = 16 * 1024 * 1024
_IDLE_SECONDS = 75
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_TRICKLE_PIECES = 60


class Server(ThreadingHTTPServer):
    """An HTTP server that knows its open connections, so that a pause ends them too."""

    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(
        self,
        address: tuple[str, int],
        interface: Interface | None,
        controls: Controls | None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.interface = interface
        self.controls = controls
        self.tls = tls
        self.open: set[socket.socket] = set()
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Bind without the look-up of the host's name that the parent does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, peer = self.socket.accept()
        if self.tls is not None:
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self.open.add(connection)
        return connection, peer

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        if _will_reset(request):
            request.close()
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a caller that goes away or fails the TLS handshake: that is no error of the switch."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def end_connections(self) -> None:
        for connection in list(self.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                self.open.discard(connection)


def _will_reset(connection: socket.socket) -> bool:
    try:
        return connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8) == _RESET_ON_CLOSE
    except OSError:
        return False


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "Apache-Coyote/1.1"
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024

    def do_POST(self) -> None:
        raw = self._read_body()
        if raw is None:
            return
        if self._is_control():
            self._send(self._control("POST", raw))
        elif self.server.interface is not None:
            self._send(self.server.interface.post(self.path, raw, self.client_address[0], self._content_type()))
        else:
            self._send(page(HTTPStatus.NOT_FOUND))

    def do_GET(self) -> None:
        self._send(self._control("GET", b"") if self._is_control() else page(HTTPStatus.NOT_FOUND))

    def do_DELETE(self) -> None:
        self._send(self._control("DELETE", b"") if self._is_control() else page(HTTPStatus.NOT_FOUND))

    def _content_type(self) -> str:
        return self.headers.get("Content-Type", "")

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Write the `Date` header by the switch's own clock."""
        if timestamp is None and self.server.interface is not None:
            timestamp = self.server.interface.switch.state.clock.now() / 1000
        return super().date_time_string(timestamp)

    def version_string(self) -> str:
        return self.server_version

    def log_message(self, template: str, *args: Any) -> None:
        """Write no log: the journal keeps what was asked."""

    def _is_control(self) -> bool:
        return self.server.controls is not None and self.path.startswith("/control/")

    def _control(self, method: str, raw: bytes) -> Reply:
        if self.server.controls is None or not ip_address(self.client_address[0]).is_loopback:
            return page(HTTPStatus.FORBIDDEN)
        return self.server.controls.handle(method, self.path, raw)

    def _read_body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > _LARGEST_BODY or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._send(page(HTTPStatus.LENGTH_REQUIRED))
            return None
        return self.rfile.read(int(length))

    def _send(self, reply: Reply) -> None:
        if reply.delay:
            Event().wait(reply.delay)
        if reply.manner is Manner.DROP:
            self._drop()
            return
        self.send_response(reply.status)
        if reply.location is not None:
            self.send_header("Location", reply.location)
        self.send_header("Content-Type", reply.content_type)
        if isinstance(reply.body, bytes):
            self._send_bytes(reply, reply.body)
        else:
            self._send_stream(reply, reply.body)
        self.wfile.flush()

    def _send_bytes(self, reply: Reply, body: bytes) -> None:
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if reply.manner is Manner.CUT:
            self.close_connection = True
            body = body[: len(body) // 2]
        if reply.manner is Manner.TRICKLE:
            self._trickle(body, reply.seconds)
        else:
            self.wfile.write(body)

    def _send_stream(self, reply: Reply, chunks: Iterator[bytes]) -> None:
        chunked = self.request_version == "HTTP/1.1"
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        for chunk in chunks:
            if reply.manner is Manner.CUT:
                chunk = chunk[: len(chunk) // 2]
            self._write_chunk(chunk, chunked=chunked)
            if reply.manner is Manner.TRICKLE:
                self.wfile.flush()
                Event().wait(reply.seconds / _TRICKLE_PIECES)
            if reply.manner is Manner.CUT:
                self.close_connection = True
                return
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _write_chunk(self, chunk: bytes, *, chunked: bool) -> None:
        if chunked:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        else:
            self.wfile.write(chunk)

    def _trickle(self, body: bytes, seconds: float) -> None:
        size = max(1, -(-len(body) // _TRICKLE_PIECES))
        for place in range(0, len(body), size):
            self.wfile.write(body[place : place + size])
            self.wfile.flush()
            Event().wait(seconds / _TRICKLE_PIECES)

    def _drop(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)


class Listener:
    """A server that can stop listening and later listen again on the same port."""

    def __init__(
        self,
        host: str,
        port: int,
        interface: Interface | None,
        controls: Controls | None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._host = host
        self._serves = (interface, controls, tls)
        self._server: Server | None = self._listen(port)
        self.port: int = self._server.server_port

    def _listen(self, port: int) -> Server:
        server = Server((self._host, port), *self._serves)
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server

    def pause(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.socket.close()
            self._server.end_connections()
            self._server = None

    def resume(self) -> None:
        if self._server is None:
            self._server = self._listen(self.port)
