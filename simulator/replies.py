"""Replies: what goes back over the connection, and how."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus

from simulator.cdr import RecordStream
from simulator.switch import Answer
from simulator.wire import write

TEXT_HTML = "text/html;charset=UTF-8"


class Manner(Enum):
    WHOLE = auto()
    DROP = auto()
    """The connection is reset without an answer."""
    CUT = auto()
    """Half of the body comes, then the connection ends."""
    TRICKLE = auto()
    """The body comes in small pieces spread over `seconds`."""


@dataclass(frozen=True)
class Reply:
    body: bytes | Iterator[bytes] = b""
    status: int = 200
    content_type: str = TEXT_HTML
    location: str | None = None
    manner: Manner = Manner.WHOLE
    delay: float = 0.0
    seconds: float = 0.0


DROPPED = Reply(manner=Manner.DROP)


def answer_reply(answer: Answer) -> Reply:
    return Reply(answer.chunks() if isinstance(answer, RecordStream) else write(answer))


def page(status: HTTPStatus) -> Reply:
    text = f"{status.value} {status.phrase}"
    html = f"<!doctype html><html><head><title>{text}</title></head><body><h1>{text}</h1></body></html>"
    return Reply(html.encode(), status=status.value)
