"""What has been asked of the switch since the last reset."""

from collections import Counter, deque
from collections.abc import Mapping
from threading import Lock
from typing import Any

import msgspec

_KEPT_PER_OPERATION = 20_000


class Received(msgspec.Struct):
    at: int
    body: Mapping[str, Any] | None
    acted: bool = False


class Journal:
    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[str] = Counter()
        self._received: dict[str, deque[Received]] = {}

    def add(self, operation: str, body: Mapping[str, Any] | None, at: int) -> Received:
        received = Received(at, body)
        with self._lock:
            self._counts[operation] += 1
            self._received.setdefault(operation, deque(maxlen=_KEPT_PER_OPERATION)).append(received)
        return received

    def counts(self) -> dict[str, int]:
        with self._lock:
            return dict(self._counts)

    def received(self, operation: str) -> list[Received]:
        with self._lock:
            return list(self._received.get(operation, ()))

    def clear(self) -> None:
        with self._lock:
            self._counts.clear()
            self._received.clear()
