"""One POST and its answer, over a kept connection for reads or over a connection of its own.

requests' adapter is used without its session: nothing follows a redirect, repeats a request, reads the environment for
proxies or passwords, or keeps cookies. The errors raised are those of reads; what they mean for a write is the
client's to say.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import parse_url

from .endpoint import Endpoint
from .errors import Lost, Malformed, OutOfReach, SwitchError, TimedOut, UnexpectedStatus, Unreachable, Untrusted
from .tls import context_for
from .wire import PlainPool, TLSPool, Wire

CHUNK = 64 * 1024
LARGEST_ANSWER = 64 * 1024 * 1024
FAILURES = (requests.RequestException, HTTPError, HTTPException, OSError, ValueError)
"""What requests, urllib3 and the socket raise when an exchange fails; a timeout is an OSError."""


class Adapter(HTTPAdapter):
    """Sends over one pool of one connection, whose TLS is settled already."""

    def __init__(self, endpoint: Endpoint, context: ssl.SSLContext | None, wire: Wire) -> None:
        super().__init__(max_retries=0)
        self.wire = wire
        self._pool = _pool(endpoint, context)
        self._pool.wire = wire

    def get_connection_with_tls_context(self, *args: object, **kwargs: object) -> HTTPConnectionPool:
        return self._pool

    def cert_verify(self, *args: object, **kwargs: object) -> None:
        """The pool's own context verifies; requests would put the system's authorities in its place."""

    def close(self) -> None:
        self._pool.close()
        super().close()


def _pool(endpoint: Endpoint, context: ssl.SSLContext | None) -> PlainPool | TLSPool:
    parts = parse_url(endpoint.url)
    host = parts.host or ""
    if context is None:
        return PlainPool(host, parts.port, maxsize=1)
    return TLSPool(host, parts.port, maxsize=1, ssl_context=context, assert_fingerprint=endpoint.fingerprint)


class Transport:
    """Used by one thread at a time, save that streams and writes do not disturb reads.

    `date` is when the switch sent its last answer, by its own clock; None where it does not say.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._context = context_for(endpoint) if endpoint.url.lower().startswith("https:") else None
        self._kept = self._adapter(endpoint.read_timeout, endpoint.total_timeout)
        self.date: datetime | None = None

    def close(self) -> None:
        self._kept.close()

    def read(self, operation: str, body: bytes) -> bytes:
        """Asks again once, when the kept connection turns out to have been closed by the other side before."""
        try:
            return self._whole(self._kept, operation, body)
        except TimedOut:
            raise
        except Lost:
            wire = self._kept.wire
            if wire.fresh or wire.answered:
                raise
        return self._whole(self._kept, operation, body)

    def write(self, operation: str, body: bytes, may_leave: Callable[[], bool] | None = None) -> bytes:
        """Sends once, after connecting and asking `may_leave`: without its yes nothing leaves (Unreachable)."""
        adapter = self._adapter(self._endpoint.read_timeout, self._endpoint.total_timeout, may_leave)
        try:
            return self._whole(adapter, operation, body, close=True)
        finally:
            adapter.close()

    def stream(self, operation: str, body: bytes) -> Generator[bytes, None, None]:
        """The answer in pieces, for as long as the consumer wants them."""
        adapter = self._adapter(self._endpoint.cdr_read_timeout, self._endpoint.cdr_total_timeout)
        try:
            yield from self._pieces(adapter, operation, body, close=True)
        finally:
            adapter.close()

    def _adapter(self, silence: float, total: float, may_leave: Callable[[], bool] | None = None) -> Adapter:
        wire = Wire(silence=silence, total=total, networks=self._endpoint.networks, may_leave=may_leave)
        return Adapter(self._endpoint, self._context, wire)

    def _whole(self, adapter: Adapter, operation: str, body: bytes, *, close: bool = False) -> bytes:
        answer = bytearray()
        for piece in self._pieces(adapter, operation, body, close=close):
            answer += piece
            if len(answer) > LARGEST_ANSWER:
                raise Malformed(operation, "the answer is too large")
        return bytes(answer)

    def _pieces(self, adapter: Adapter, operation: str, body: bytes, *, close: bool) -> Iterator[bytes]:
        request = self._prepare(operation, body, close=close)
        adapter.wire.begin()
        timeout = (self._endpoint.connect_timeout, adapter.wire.silence)
        with _translated(operation, adapter.wire):
            response = adapter.send(request, stream=True, timeout=timeout)
        self.date = _date(response.headers.get("Date", ""))
        try:
            _check_status(operation, response.status_code)
            with _translated(operation, adapter.wire, begun=True):
                yield from response.raw.stream(CHUNK, decode_content=True)
        except BaseException:
            response.raw.close()
            raise
        finally:
            response.close()

    def _prepare(self, operation: str, body: bytes, *, close: bool) -> requests.PreparedRequest:
        headers = {
            "Content-Type": self._endpoint.content_type,
            "Accept-Encoding": "identity",
            "Connection": "close" if close else "keep-alive",
        }
        try:
            return requests.Request("POST", self._endpoint.address(operation), headers, data=body).prepare()
        except (requests.RequestException, ValueError) as error:
            raise Unreachable(operation, "the address cannot be asked", transient=False) from error


def _date(text: str) -> datetime | None:
    """Read a `Date` header; one that names no zone is in UTC."""
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _check_status(operation: str, status: int) -> None:
    if status != 200:
        raise UnexpectedStatus(operation, status)


@contextmanager
def _translated(operation: str, wire: Wire, *, begun: bool = False) -> Iterator[None]:
    """Raises outside the handler: the causes hold the request, whose body must not be logged."""
    failure: SwitchError | None = None
    try:
        yield
    except FAILURES as error:
        failure = _read_error(operation, wire, error, begun=begun)
    if failure is not None:
        raise failure


def _read_error(operation: str, wire: Wire, error: Exception, *, begun: bool) -> SwitchError:
    if wire.out_of_reach:
        return OutOfReach(operation, "its address is none that a switch may have", transient=False)
    if wire.held_back:
        return Unreachable(operation, "it may not leave any more", transient=False)
    if wire.surely_unsent:
        if isinstance(error, requests.exceptions.SSLError):
            return Untrusted(operation, "no trusted TLS connection", transient=False)
        return Unreachable(operation, "no connection")
    if isinstance(error, requests.Timeout | ReadTimeoutError | TimeoutError):
        return TimedOut(operation, "no answer in time")
    if begun:
        return Malformed(operation, "the answer is cut off or garbled")
    return Lost(operation, "the connection broke")
