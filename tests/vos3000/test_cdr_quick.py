"""Call records are read in pieces, to the same end as one after the other."""

from __future__ import annotations

import itertools
import json
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.vos3000 import Malformed, UnreadableRecord
from billing.vos3000.cdr import ALONE, read_records
from billing.vos3000.cdr_slow import PIECE, read_slowly
from billing.vos3000.operations.calls import Cdr, RoutedCdr
from billing.vos3000.text import MendedStream
from tests.support.call_records import ROW, records_in

ROUTING = sorted(set(RoutedCdr.__struct_fields__) - set(Cdr.__struct_fields__))
Outcome = tuple[list[Cdr | UnreadableRecord], object]


def outcome(read: Generator[Cdr | UnreadableRecord, None, tuple[int, str]]) -> Outcome:
    """The records of an answer that can be read to its end with what it says of all, or what is wrong with it."""
    records: list[Cdr | UnreadableRecord] = []
    try:
        while True:
            records.append(next(read))
    except StopIteration as end:
        return records, end.value
    except Malformed as error:
        return [], str(error)


def cut(raw: bytes, sizes: list[int]) -> Iterator[bytes]:
    place = 0
    for size in itertools.cycle(sizes):
        if place >= len(raw):
            return
        yield raw[place : place + size]
        place += size


odd_texts = st.lists(
    st.sampled_from(["},{", "}", "{", "]", '"', "\\", "\0", "\ufdd0", "\U0001f600", "x", ","]), max_size=8
).map("".join)
odd_values = st.one_of(
    odd_texts, st.none(), st.booleans(), st.integers(), st.just({"a": [{}, {}]}), st.just([[{}], {}]), st.just("12.5")
)
records = st.one_of(
    st.just(ROW),
    odd_texts.map(lambda text: {**ROW, "calleeE164": text, "accountName": text}),
    st.tuples(st.sampled_from([*ROW, "agentFee", "endReason", "new"]), odd_values).map(
        lambda pair: {**ROW, **dict([pair])}
    ),
    odd_values,
)
spacings = st.sampled_from([(",", ":"), (", ", ": "), (",\n", ":")])


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    members: list[tuple[str, Any]] = [("retCode", draw(st.sampled_from([0, 0, 0, -5, "0", None])))]
    members.insert(draw(st.integers(0, 1)), ("infoCdrs", draw(st.lists(records, max_size=12))))
    members.insert(draw(st.integers(0, 2)), ("exception", draw(odd_texts)))
    text = json.dumps(dict(members), separators=draw(spacings), ensure_ascii=draw(st.booleans())).encode()
    if draw(st.booleans()):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.sampled_from([b"", b"\xff", b"},{", b"]", b" ", b"\\u00", b"01"])) + text[place:]
    return text[: draw(st.one_of(st.just(len(text)), st.integers(0, len(text))))]


@given(answers(), st.lists(st.integers(1, 900), min_size=1, max_size=4), st.sampled_from([1, 300, 1000, PIECE]))
def test_reading_quickly_comes_to_what_reading_slowly_comes_to(raw: bytes, sizes: list[int], piece: int) -> None:
    slow = outcome(read_slowly(MendedStream(iter([raw])), Cdr))
    slow_routing = routing(outcome(read_slowly(MendedStream(iter([raw])), RoutedCdr)))
    with pytest.MonkeyPatch.context() as patch:
        # Small pieces, so that a small answer is cut in many places.
        patch.setattr("billing.vos3000.cdr.PIECE", piece)
        assert outcome(read_records(cut(raw, sizes), Cdr)) == slow
        with_routing = outcome(read_records(cut(raw, sizes), RoutedCdr))
    assert routing(with_routing) == slow_routing
    assert ([plain(record) for record in with_routing[0]], with_routing[1]) == slow


def routing(outcome: Outcome) -> list[list[str]]:
    """What can be read of each record's."""
    routed = [record for record in outcome[0] if isinstance(record, RoutedCdr)]
    return [[record.routed(name) or "" for name in ROUTING] for record in routed]


def plain(record: Cdr | UnreadableRecord) -> Cdr | UnreadableRecord:
    """As it is read without the routing."""
    if isinstance(record, UnreadableRecord):
        return record
    return Cdr(**{name: getattr(record, name) for name in Cdr.__struct_fields__})


def test_a_piece_of_plain_records_is_not_read_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counted(source: Any, kind: type[Cdr]) -> Any:
        taken = bytearray()
        while piece := source.read():
            taken += piece
        read.append(len(taken))
        return read_slowly(BytesIO(bytes(taken)), kind)

    monkeypatch.setattr("billing.vos3000.cdr.read_slowly", counted)
    odd = {**ROW, "calleeE164": None}
    tricky = {**ROW, "calleeE164": '},{"'}
    raw = json.dumps({"retCode": 0, "infoCdrs": [*[ROW] * 1000, odd, *[tricky] * 1000]}, separators=(",", ":"))
    assert len(records_in(raw, 4096)) == 2001
    one = len(ALONE) + len(json.dumps(tricky))
    assert len(read) == 2
    assert max(read) < one


def test_plain_records_are_read_faster_than_the_json_module_reads_them() -> None:
    row = {**ROW, **dict.fromkeys(("callerProductId", "calleeProductId", "calleeip", "agentName"), "")}
    raw = json.dumps({"retCode": 0, "infoCdrs": [row] * 20_000}, separators=(",", ":")).encode()
    pieces = [raw[i : i + PIECE] for i in range(0, len(raw), PIECE)]
    ours = min(seconds(lambda: deque(read_records(iter(pieces), Cdr), maxlen=0)) for _ in range(3))
    assert seconds(lambda: json.loads(raw)) > 1.5 * ours, "far under what `make bench-calls` finds on a quiet machine"


def seconds(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin
