"""The web tier: brings each request to its operation, and the answer back."""

from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

from simulator.faults import Faults, befall
from simulator.journal import Journal, Received
from simulator.replies import Reply, answer_reply, page
from simulator.switch import Answer, Switch, succeeded
from simulator.wire import read_object

_DIRECTORIES = ("/external/server/", "/external/test/server/")


@dataclass
class Interface:
    switch: Switch
    faults: Faults = field(default_factory=Faults)
    journal: Journal = field(default_factory=Journal)

    def reset(self, seed: int | None = None) -> None:
        self.faults.clear()
        self.switch.reset(seed)
        self.journal.clear()

    def post(self, path: str, raw: bytes, peer: str) -> Reply:
        name = self._operation_name(path)
        if name is None:
            return page(HTTPStatus.NOT_FOUND)
        body = read_object(raw)
        received = self.journal.add(name, body, self.switch.state.clock.now())
        if self.switch.options.allow and peer not in self.switch.options.allow:
            return page(HTTPStatus.FORBIDDEN)
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
        suffix = self.switch.options.suffix
        for directory in _DIRECTORIES:
            if path.startswith(directory) and path.endswith(suffix):
                name = path.removeprefix(directory).removesuffix(suffix)
                return name if name.isalnum() else None
        return None


def _note(received: Received, answer: Answer) -> None:
    received.acted = succeeded(answer)
