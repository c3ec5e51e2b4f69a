"""No request makes the switch itself fail."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.contract import Field, Operation, contract
from simulator.options import Options
from simulator.process import SimulatorProcess
from simulator.replies import answer_reply
from simulator.switch import Switch
from tests.simulator.asking import Asking
from tests.simulator.checking import check_answer

KNOWN = ("A-20417", "R-100", "R-210", "W-900", "C-301", "Retail", "442079460101", "770001", "90000001", "gw-baltic")


@cache
def _switch() -> Switch:
    return Switch(Options(seed=4))


def _values(field: Field) -> st.SearchStrategy[Any]:
    one = _one_value(field)
    return st.lists(one, max_size=3) if field.many else one


def _one_value(field: Field) -> st.SearchStrategy[Any]:
    if field.type in contract().types:
        return _bodies(contract().types[field.type])
    if field.type in {"String", "LongString"}:
        return st.sampled_from([*KNOWN, "20261101", "20261102000000", ""]) | st.text(max_size=5)
    if field.type in {"boolean", "Boolean"}:
        return st.booleans()
    if field.type in {"double", "Double"}:
        return st.decimals(-10_000, 10_000, allow_nan=False, places=6)
    return st.sampled_from(sorted(field.codes)) if field.codes else st.integers(-(2**31), 2**31 - 1)


def _bodies(fields: tuple[Field, ...]) -> st.SearchStrategy[dict[str, Any]]:
    required = {field.name: _values(field) for field in fields if field.required}
    optional = {field.name: _values(field) for field in fields[:40] if not field.required}
    return st.fixed_dictionaries(required, optional=optional)


@st.composite
def requests(draw: st.DrawFn) -> tuple[Operation, dict[str, Any]]:
    operation = contract().operations[draw(st.sampled_from(sorted(contract().operations)))]
    return operation, draw(_bodies(operation.request))


@settings(max_examples=400, deadline=None)
@given(requests())
def test_every_well_typed_request_has_an_answer_of_the_contract(request: tuple[Operation, dict[str, Any]]) -> None:
    operation, body = request
    raw = answer_reply(_switch().perform(operation, body)).body
    check_answer(operation, (raw if isinstance(raw, bytes) else b"".join(raw)).decode())


def test_payments_from_many_sides_at_once_all_count(simulator: SimulatorProcess) -> None:
    before = simulator.control.account("C-301").money
    switch = Asking(simulator.url)
    with ThreadPoolExecutor(16) as callers:
        answers = list(callers.map(lambda number: switch.pay("C-301", "0.01", str(number)), range(200)))
    assert all(answer["retCode"] == 0 for answer in answers)
    after = simulator.control.account("C-301")
    assert after.money == before + Decimal("2.00") == after.explained
    assert len({answer["infoPay"]["money"] for answer in answers}) == 200
