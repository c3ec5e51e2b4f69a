"""The connection itself: what is known of how far a request got, and patience that ends.

Whether anything left is recorded where it happens, not guessed from the exception that comes out at the top.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from enum import Enum
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from .allowed_networks import Network, is_in_reach

if TYPE_CHECKING:
    from urllib3._base_connection import BaseHTTPConnection, BaseHTTPSConnection


class Phase(Enum):
    WAITING = "waiting for a connection"
    CONNECTING = "connecting, which includes the TLS handshake and the check of the pin"
    SENT = "something of the request may have left"


class Wire:
    """One exchange at a time: how far it got, and how long it has waited for the switch.

    A socket's timeout starts again with every byte; `total` seconds of waiting end the exchange however they come.
    Time in which the reader itself is busy does not count.
    """

    def __init__(
        self,
        *,
        silence: float,
        total: float,
        networks: tuple[Network, ...] = (),
        may_leave: Callable[[], bool] | None = None,
    ) -> None:
        self.silence = silence
        self.total = total
        self.networks = networks
        self.may_leave = may_leave
        self.begin()

    def begin(self) -> None:
        self.phase = Phase.WAITING
        self.fresh = False
        self.out_of_reach = False
        self.held_back = False
        self.answered = False
        self.waited = 0.0

    @property
    def surely_unsent(self) -> bool:
        return self.phase is Phase.CONNECTING

    def connecting(self) -> None:
        self.phase = Phase.CONNECTING
        self.fresh = True

    def connected(self, sock: socket.socket) -> None:
        """By its address, not by its name: a name may lead somewhere else each time."""
        address = sock.getpeername()[0]
        self.out_of_reach = not is_in_reach(address, self.networks)
        if self.out_of_reach:
            sock.close()
            raise ConnectionRefusedError(f"{address} is none that a switch may have")

    def sending(self) -> None:
        """Ask, now that the connection stands, whether the request may still leave; raises before anything has left."""
        if self.may_leave is not None and not self.may_leave():
            self.held_back = True
            raise ConnectionAbortedError("the request may not leave any more")
        self.phase = Phase.SENT

    def receive(self, sock: socket.socket, take: Callable[[], int]) -> int:
        left = self.total - self.waited
        if left <= 0:
            raise TimeoutError("the whole answer took too long")
        sock.settimeout(min(self.silence, left))
        began = monotonic()
        try:
            count = take()
        finally:
            self.waited += monotonic() - began
        self.answered = self.answered or count > 0
        return count


class PatientSocket(socket.socket):
    wire: Wire | None = None

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        take = partial(super().recv_into, buffer, nbytes, flags)
        return take() if self.wire is None else self.wire.receive(self, take)


class PatientTLSSocket(ssl.SSLSocket):
    wire: Wire | None = None

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        take = partial(super().recv_into, buffer, nbytes, flags)
        return take() if self.wire is None else self.wire.receive(self, take)


class WholeRequests(HTTPConnection):
    """Collects a request and lets it leave in one piece, so that a process cannot be stopped halfway through it."""

    wire: Wire
    _collected = b""

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        self._collected += data

    def getresponse(self) -> Any:
        collected, self._collected = self._collected, b""
        self.wire.sending()
        super().send(collected)
        return super().getresponse()

    def close(self) -> None:
        self._collected = b""
        super().close()


class PlainConnection(WholeRequests):
    def connect(self) -> None:
        self.wire.connecting()
        super().connect()

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        self.wire.connected(sock)
        timeout = sock.gettimeout()
        patient = PatientSocket(fileno=sock.detach())
        patient.settimeout(timeout)
        patient.wire = self.wire
        return patient


class TLSConnection(WholeRequests, HTTPSConnection):
    """Its context must make `PatientTLSSocket`s."""

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        self.wire.connected(sock)
        return sock

    def connect(self) -> None:
        self.wire.connecting()
        super().connect()
        if not isinstance(self.sock, PatientTLSSocket):
            raise ssl.SSLError("the TLS connection cannot be watched")
        self.sock.wire = self.wire


class PlainPool(HTTPConnectionPool):
    ConnectionCls = PlainConnection
    wire: Wire

    def _new_conn(self) -> BaseHTTPConnection:
        connection = super()._new_conn()
        if isinstance(connection, PlainConnection):
            connection.wire = self.wire
        return connection


class TLSPool(HTTPSConnectionPool):
    ConnectionCls = TLSConnection
    wire: Wire

    def _new_conn(self) -> BaseHTTPSConnection:
        connection = super()._new_conn()
        if isinstance(connection, TLSConnection):
            connection.wire = self.wire
        return connection
