"""JSON as the switch reads and writes it."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

import msgspec

from simulator.javadouble import java_double


def read_object(raw: bytes) -> dict[str, Any] | None:
    """Read the JSON object in `raw` with numbers kept exact; None when the switch could not read it."""
    try:
        value = json.loads(raw.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def write(value: Any) -> bytes:
    ready = _ready(value)
    try:
        return msgspec.json.encode(ready)
    except UnicodeEncodeError:
        return msgspec.json.encode(_without_surrogates(ready))


def _ready(value: Any) -> Any:
    if isinstance(value, Decimal):
        return msgspec.Raw(java_double(value).encode())
    if isinstance(value, Mapping):
        return {key: _ready(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_ready(item) for item in value]
    return value


def _without_surrogates(value: Any) -> Any:
    """Write half a surrogate pair as a question mark, as Java does."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {key: _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    return value
