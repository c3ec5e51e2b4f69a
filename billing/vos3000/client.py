"""The client: asking and telling one switch, one request at a time, whatever the operation.

Every request may raise `Withheld` and `Unreachable`; reads also `Refused`, `Lost`, `TimedOut` and `Malformed`; writes
`Refused` and `UnknownOutcome`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self, TypeAlias, TypeVar

import msgspec

from .admission import Admission, OpenAdmission
from .codec import Answer, read_answer, write_body
from .endpoint import Endpoint, Json
from .errors import NOT_FOUND, Malformed, Refused, SwitchError, UnexpectedStatus, UnknownOutcome, Unreachable, Withheld
from .field_types import Record
from .ranges import AnyRange, Ranges
from .rows import Listed, RowReader
from .transport import Transport

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R", bound=Record)
Body: TypeAlias = "Mapping[str, Json | msgspec.Raw]"
Reader: TypeAlias = Callable[[Iterator[bytes]], Generator[T, None, tuple[int, str]]]
"""Reads an answer while it arrives: the records, then `retCode` and the switch's text."""

SERVER_ERRORS = 500


class Client:
    """A switch, asked by one thread at a time. What can be asked stands in `operations`."""

    def __init__(self, endpoint: Endpoint, admission: Admission | None = None, ranges: Ranges | None = None) -> None:
        self.endpoint = endpoint
        self.ranges: Ranges = ranges or AnyRange()
        self._admission: Admission = admission or OpenAdmission()
        self._transport = Transport(endpoint)
        self._may_leave: Callable[[], bool] | None = None

    def close(self) -> None:
        self._transport.close()

    @property
    def answered_at(self) -> datetime | None:
        """When the switch sent its last answer, by its own clock."""
        return self._transport.date

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read_list(self, operation: str, fields: Body, key: str, reader: RowReader[R]) -> Listed[R]:
        """Read the rows that the answer holds under `key`; an answer that finds nothing has none."""
        answer = self.ask(operation, fields, rows_under=key)
        if answer.code == NOT_FOUND:
            return Listed()
        self.check_read(answer.operation, answer.code, answer.text)
        return answer.rows(key, reader)

    def ask(self, operation: str, fields: Body, *, rows_under: str | None = None) -> Answer:
        """Read the whole answer, a refusal too; the caller looks at its code, and at each row of the list it names."""
        body = write_body(fields, self.endpoint.extra_body)
        with self._admitted(operation):
            return read_answer(operation, self._transport.read(operation, body), rows_under=rows_under)

    @contextmanager
    def write(self, operation: str, fields: Body) -> Iterator[Answer]:
        """Send a write once, on a connection of its own; its answer, which the switch calls done, is read inside.

        `Unreachable` and `Refused` are surely not done; whatever else goes wrong, inside too, is `UnknownOutcome`.
        """
        body = write_body(fields, self.endpoint.extra_body)
        try:
            yield self._written(operation, body)
        except (Unreachable, Refused, UnknownOutcome):
            raise
        except SwitchError as error:
            raise UnknownOutcome(operation, error.reason) from error
        except Exception as error:
            # Whatever went wrong here, the request may have left.
            raise UnknownOutcome(operation, type(error).__name__) from error

    @contextmanager
    def writing_only_if(self, may_leave: Callable[[], bool]) -> Iterator[None]:
        """Ask `may_leave` once more for each write inside, at the last moment: when its connection stands.

        A process may have been stopped for hours before that moment. A write that may not leave is `Unreachable`.
        """
        self._may_leave = may_leave
        try:
            yield
        finally:
            self._may_leave = None

    def _written(self, operation: str, body: bytes) -> Answer:
        with self._admitted(operation):
            answer = read_answer(operation, self._transport.write(operation, body, self._may_leave))
        if answer.code == 0:
            return answer
        if answer.code in self.endpoint.sure_refusals:
            raise Refused(operation, answer.code, answer.text)
        raise UnknownOutcome(operation, f"code {answer.code} is no sure refusal", code=answer.code)

    def stream(self, operation: str, fields: Body, read: Reader[T]) -> Generator[T, None, None]:
        """Read records while the answer arrives. Nothing is sent before the first one is asked for."""
        body = write_body(fields, self.endpoint.extra_body)
        is_empty = False
        with self._admitted(operation), closing(self._transport.stream(operation, body)) as pieces:
            reading = read(pieces)
            try:
                yield next(reading)
            except StopIteration as ended:
                is_empty = True
                code, text = ended.value
            else:
                code, text = yield from reading
        # Behind records, "not found" is no word that there are none: something was not found on the way.
        if code != NOT_FOUND or not is_empty:
            self.check_read(operation, code, text)

    def check_read(self, operation: str, code: int, text: str) -> None:
        """Raise `Refused` for any code but 0. One that is no sure refusal may mean that the switch was too slow."""
        if code != 0:
            transient = code not in self.endpoint.sure_refusals
            raise Refused(operation, code, text, transient=transient)

    @contextmanager
    def _admitted(self, operation: str) -> Iterator[None]:
        """Ask for admission, and tell how the switch answered; an admission that breaks changes nothing of that."""
        try:
            self._admission.admit(operation)
        except Withheld:
            raise
        except Exception as error:
            raise Withheld(operation, "admission cannot be asked for") from error
        tell: Callable[[], None] = self._admission.failed
        try:
            yield
            tell = partial(self._admission.succeeded, operation)
        except GeneratorExit:
            tell = partial(self._admission.succeeded, operation)
            raise
        except SwitchError as error:
            tell = self._what_to_tell_of(operation, error)
            log.info("%s", error)
            raise
        finally:
            _told(tell)

    def _what_to_tell_of(self, operation: str, error: SwitchError) -> Callable[[], None]:
        if isinstance(error, UnexpectedStatus) and error.status < SERVER_ERRORS:
            return partial(self._admission.succeeded, operation)
        if isinstance(error, Malformed) and not isinstance(error, UnexpectedStatus):
            return partial(self._admission.unreadable_answer, operation)
        return self._admission.failed


def _told(tell: Callable[[], None]) -> None:
    try:
        tell()
    except Exception:
        log.exception("The end of a request could not be told.")
