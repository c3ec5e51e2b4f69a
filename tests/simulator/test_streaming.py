"""A day of very many calls is made while it is read."""

from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from simulator.process import SimulatorProcess
from tests.simulator.asking import Asking

CALLS = 200_000
MEGABYTE = 1024 * 1024


def _resident_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(kilobytes) * 1024


def test_a_day_of_200_000_calls_streams_in_bounded_memory(simulator: SimulatorProcess) -> None:
    day = f"{datetime.now(UTC) - timedelta(days=1):%Y%m%d}"
    simulator.control.flood("A-20420", day, CALLS)
    before = _resident_bytes(simulator.pid)
    highest, size, records = before, 0, 0
    body = f'{{"accounts":["A-20420"],"beginTime":"{day}","endTime":"{day}"}}'.encode()
    rest = b""
    with Asking(simulator.url).post("/external/server/GetCdr", body) as answer:
        assert answer.headers["Transfer-Encoding"] == "chunked"
        while piece := answer.read(4 * MEGABYTE):
            size += len(piece)
            whole = rest + piece
            records += whole.count(b'"flowNo"')
            rest = whole[-7:]
            highest = max(highest, _resident_bytes(simulator.pid))
    assert records >= CALLS
    assert size > 100 * MEGABYTE
    assert highest - before < 20 * MEGABYTE
    assert highest < 200 * MEGABYTE


def test_others_are_answered_while_a_long_answer_is_read(simulator: SimulatorProcess) -> None:
    day = f"{datetime.now(UTC) - timedelta(days=1):%Y%m%d}"
    simulator.control.flood("A-20420", day, CALLS)
    body = f'{{"accounts":["A-20420"],"beginTime":"{day}","endTime":"{day}"}}'.encode()
    with Asking(simulator.url).post("/external/server/GetCdr", body) as answer:
        answer.read(1000)
        assert Asking(simulator.url).ask("GetSuite")["retCode"] == 0


def test_a_connection_is_kept_for_further_requests(simulator: SimulatorProcess) -> None:
    parts = urlsplit(simulator.url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    for _ in range(3):
        connection.request("POST", "/external/server/GetSuite", b"{}")
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.read()
        assert not answer.will_close
    connection.close()
