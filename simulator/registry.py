"""The function that does each operation, by the operation's name in the contract."""

from collections.abc import Callable, Mapping
from typing import Any

from simulator.cdr import RecordStream
from simulator.state import State

Body = Mapping[str, Any]
Result = Mapping[str, Any] | RecordStream
Handler = Callable[[State, Body], Result]

HANDLERS: dict[str, Handler] = {}


def operation(name: str) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        HANDLERS[name] = handler
        return handler

    return register
