"""Resources that are made, changed, deleted and listed all in the same way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.contract import contract
from simulator.refusals import EXISTS, Refusal, not_found
from simulator.registry import Body, Handler, Result, operation
from simulator.state import State
from simulator.tables import Row


def _as_given(state: State, row: Row) -> None:
    """Take the row as the request gives it."""


@dataclass(frozen=True)
class Resource:
    """A kind of row, with the operations on it.

    `filters` maps a list or value of the Get request to the field of the row that must match it.
    """

    name: str
    key: str
    filters: Mapping[str, str]
    numbered: bool = False
    prepare: Callable[[State, Row], None] = _as_given

    @property
    def result_key(self) -> str:
        return contract().operations[f"Get{self.name}"].response[-1].name

    def select(self, state: State, body: Body) -> list[Row]:
        """Find the rows asked for. Raises Refusal when they are asked for by name and there are none."""
        rows = list(state.tables.of(self.name).values())
        for parameter, column in self.filters.items():
            wanted = body.get(parameter)
            if wanted is not None:
                accepted = wanted if isinstance(wanted, list) else [wanted]
                rows = [row for row in rows if row.get(column) in accepted]
        if not rows and any(body.get(parameter) for parameter in self.filters):
            raise not_found()
        return rows


def _creator(resource: Resource) -> Handler:
    def create(state: State, body: Body) -> Result:
        row: dict[str, Any] = dict(body)
        if resource.numbered:
            row["id"] = state.tables.new_id()
        rows = state.tables.of(resource.name)
        if row[resource.key] in rows:
            raise Refusal(EXISTS, "It exists already.")
        resource.prepare(state, row)
        rows[row[resource.key]] = row
        return {"id": row["id"]} if resource.numbered else {}

    return create


def _modifier(resource: Resource) -> Handler:
    def modify(state: State, body: Body) -> Result:
        rows = state.tables.of(resource.name)
        if body[resource.key] not in rows:
            raise not_found()
        row = {**rows[body[resource.key]], **body}
        resource.prepare(state, row)
        rows[body[resource.key]] = row
        return {}

    return modify


def _deleter(resource: Resource) -> Handler:
    def delete(state: State, body: Body) -> Result:
        if state.tables.of(resource.name).pop(body[resource.key], None) is None:
            raise not_found()
        return {}

    return delete


def _getter(resource: Resource) -> Handler:
    def get(state: State, body: Body) -> Result:
        return {resource.result_key: resource.select(state, body)}

    return get


def register(resource: Resource) -> None:
    makers = {"Create": _creator, "Modify": _modifier, "Delete": _deleter, "Get": _getter}
    for verb, make in makers.items():
        name = f"{verb}{resource.name}"
        if name in contract().operations:
            operation(name)(make(resource))
