"""Asks a simulator as a client in the field does, and reads its answers without losing a digit."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

DIRECTORY = "/external/server/"
LOST = (HTTPException, OSError)
"""What a caller sees when a connection ends without a whole answer."""


class Asking:
    def __init__(self, url: str, suffix: str = "", timeout: float = 20.0) -> None:
        self.url = url
        self._suffix = suffix
        self._timeout = timeout

    @contextmanager
    def post(self, path: str, body: bytes, content_type: str = "text/html;charset=UTF-8") -> Iterator[HTTPResponse]:
        parts = urlsplit(self.url)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=self._timeout)
        try:
            connection.request("POST", path, body, {"Content-Type": content_type})
            yield connection.getresponse()
        finally:
            connection.close()

    def raw(self, operation: str, body: bytes, content_type: str = "text/html;charset=UTF-8") -> tuple[int, bytes]:
        with self.post(f"{DIRECTORY}{operation}{self._suffix}", body, content_type) as answer:
            return answer.status, answer.read()

    def text(self, operation: str, **body: Any) -> str:
        status, raw = self.raw(operation, json.dumps(body, default=float).encode())
        assert status == 200, raw
        return raw.decode("utf-8")

    def ask(self, operation: str, **body: Any) -> dict[str, Any]:
        answer = json.loads(self.text(operation, **body), parse_float=Decimal)
        assert isinstance(answer, dict)
        return answer

    def pay(self, account: str, money: str, memo: str = "") -> dict[str, Any]:
        return self.ask("Pay", ownerName=account, ownerType=2, money=money, memo=memo)

    def money(self, account: str) -> Decimal:
        money = self.ask("GetCustomer", accounts=[account])["infoCustomers"][0]["money"]
        assert isinstance(money, Decimal)
        return money
