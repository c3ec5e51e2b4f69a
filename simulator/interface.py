"""The web tier: brings each request to its operation, and the answer back."""

from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

from simulator.faults import Faults, befall
from simulator.journal import Journal, Received
from simulator.replies import Reply, answer_reply, page
from simulator.switch import Answer, Switch, succeeded
from simulator.wire import read_object

_OLDER_DIRECTORIES = ("/thirdparty/", "/internal/")
_LOGIN_PAGE = b"<!doctype html><html><body><form><input name=loginName></form></body></html>"


@dataclass
class Interface:
    switch: Switch
    faults: Faults = field(default_factory=Faults)
    journal: Journal = field(default_factory=Journal)

    def reset(self, seed: int | None = None) -> None:
        self.faults.clear()
        self.switch.reset(seed)
        self.journal.clear()

    def post(self, path: str, raw: bytes, peer: str, content_type: str = "") -> Reply:
        name = self._operation_name(path)
        if name is None:
            return self._other_page(path)
        body = read_object(raw)
        received = self.journal.add(name, body, self.switch.state.clock.now())
        if self.switch.options.allow and peer not in self.switch.options.allow:
            return page(HTTPStatus.FORBIDDEN)
        if not self._takes(content_type):
            return page(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        operation = self.switch.operation(name)
        if operation is None:
            return page(HTTPStatus.NOT_FOUND)
        if body is None:
            return Reply()
        fault = self.faults.match(name, body)
        note = partial(_note, received)
        if fault is not None:
            return befall(fault, self.switch, operation, body, path, note)
        answer = self.switch.perform(operation, body)
        note(answer)
        return answer_reply(answer)

    def _operation_name(self, path: str) -> str | None:
        path = path.partition("?")[0]
        options = self.switch.options
        if options.pages_alone:
            return None
        for directory in options.directories:
            if path.startswith(f"{directory}/") and path.endswith(options.suffix):
                name = path.removeprefix(f"{directory}/").removesuffix(options.suffix)
                return name if name.isalnum() else None
        return None

    def _other_page(self, path: str) -> Reply:
        is_older = self.switch.options.pages_alone and path.startswith(_OLDER_DIRECTORIES) and path.endswith(".jsp")
        return Reply(_LOGIN_PAGE) if is_older else page(HTTPStatus.NOT_FOUND)

    def _takes(self, content_type: str) -> bool:
        wanted = self.switch.options.content_type
        return not wanted or content_type.partition(";")[0].strip().lower() == wanted


def _note(received: Received, answer: Answer) -> None:
    received.acted = succeeded(answer)
