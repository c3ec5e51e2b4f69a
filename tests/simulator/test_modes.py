"""The ways in which installations differ."""

import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from simulator.contract import contract
from simulator.control import Control, ControlFailed
from simulator.controls import Controls
from simulator.interface import Interface
from simulator.options import Options
from simulator.process import SimulatorProcess
from simulator.server import Listener
from simulator.switch import Switch
from tests.simulator.asking import Asking

SHANGHAI = ZoneInfo("Asia/Shanghai")
LOGIN = {"loginName": "web", "loginPassword": "secret"}
SECONDS = {"beginTime": "20200101000000", "endTime": "20991231235959"}


@pytest.fixture
def odd(odd_process: SimulatorProcess) -> SimulatorProcess:
    odd_process.control.reset()
    return odd_process


@pytest.fixture
def odd_switch(odd: SimulatorProcess) -> Asking:
    return Asking(odd.url, suffix=".jsp")


def test_with_a_suffix_only_that_answers(odd: SimulatorProcess) -> None:
    with Asking(odd.url).post("/external/server/GetSuite", b"{}") as answer:
        assert answer.status == 404
        assert b"<html>" in answer.read()


def test_extra_fields_are_wanted_in_every_body(odd_switch: Asking) -> None:
    assert odd_switch.ask("GetSuite")["retCode"] != 0
    assert odd_switch.ask("GetSuite", loginName="web", loginPassword="wrong")["retCode"] != 0
    assert odd_switch.ask("GetSuite", **LOGIN)["retCode"] == 0


def test_an_older_version_leaves_out_newer_fields(odd_switch: Asking) -> None:
    customer = odd_switch.ask("GetCustomer", accounts=["A-20417"], **LOGIN)["infoCustomers"][0]
    assert customer["account"] == "A-20417"
    assert {"canceled", "category", "ctdBillingType", "bindedE164s"}.isdisjoint(customer)
    call = odd_switch.ask("GetCdr", accounts=["A-20417"], beginTime="20200101", endTime="20991231", **LOGIN)
    assert {"agentSuiteFee", "agentSuiteFeeTime"}.isdisjoint(call["infoCdrs"][0])


@pytest.mark.parametrize("operation", ["GetConsumption", "GetAllCustomers", "GetPhoneCard", "GetAllPhoneOnline"])
def test_an_older_version_lacks_newer_operations(odd_switch: Asking, operation: str) -> None:
    assert odd_switch.raw(operation, b"{}")[0] == 404


def test_the_operations_an_older_version_has_all_answer(odd_switch: Asking) -> None:
    older = [name for name, operation in contract().operations.items() if operation.section < (3, 64)]
    assert len(older) == 62
    assert all(odd_switch.raw(name, b"{}")[0] == 200 for name in older)


def test_empty_lists_can_be_kept(odd_switch: Asking) -> None:
    ask = {"accounts": ["A-20417"], "beginTime": "20200101", "endTime": "20200101"}
    assert odd_switch.ask("GetCdr", **ask, **LOGIN) == {"retCode": 0, "infoCdrs": []}


def test_empty_lists_are_left_out_otherwise(switch: Asking) -> None:
    answer = switch.ask("GetCdr", accounts=["A-20417"], beginTime="20200101", endTime="20200101")
    assert answer == {"retCode": 0}


def test_a_deductions_fee_can_be_stated_without_its_sign(odd: SimulatorProcess, odd_switch: Asking) -> None:
    before = odd_switch.ask("Pay", ownerName="C-301", ownerType=2, money="-2.5", **LOGIN)["infoPay"]["money"]
    row = odd_switch.ask("GetPayHistory", account="C-301", **SECONDS, **LOGIN)["infoPayHistorys"][-1]
    assert (row["type"], row["fee"], row["customerMoney"]) == (1, Decimal("2.5"), before)


def _two_midnights() -> tuple[int, str, str]:
    """The midnight that begins yesterday in Shanghai, in milliseconds, with the days before and after it."""
    yesterday = datetime.now(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    before = yesterday - timedelta(days=1)
    return int(yesterday.timestamp() * 1000), f"{before:%Y%m%d}", f"{yesterday:%Y%m%d}"


def _flows(switch: Asking, day: str) -> set[int]:
    answer: dict[str, Any] = switch.ask("GetCdr", accounts=["C-303"], beginTime=day, endTime=day, **LOGIN)
    return {call["flowNo"] for call in answer.get("infoCdrs", ())}


def test_a_day_is_the_switchs_own_and_may_be_that_of_the_calls_end(odd: SimulatorProcess, odd_switch: Asking) -> None:
    midnight, before, after = _two_midnights()
    flow = odd.control.add_call("C-303", "4420", start=midnight - 30_000, seconds=60)
    assert flow in _flows(odd_switch, after)
    assert flow not in _flows(odd_switch, before)


def test_otherwise_a_call_belongs_to_the_day_it_started(simulator: SimulatorProcess) -> None:
    midnight = int(datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)
    day = f"{datetime.fromtimestamp(midnight / 1000, UTC) - timedelta(days=1):%Y%m%d}"
    flow = simulator.control.add_call("C-303", "4420", start=midnight - 30_000, seconds=60)
    assert flow in _flows(Asking(simulator.url), day)


def test_payments_are_asked_for_in_the_switchs_time(odd: SimulatorProcess, odd_switch: Asking) -> None:
    odd_switch.ask("Pay", ownerName="C-301", ownerType=2, money=1, memo="now", **LOGIN)
    now = datetime.now(SHANGHAI)
    span = {
        "beginTime": f"{now - timedelta(minutes=1):%Y%m%d%H%M%S}",
        "endTime": f"{now + timedelta(minutes=1):%Y%m%d%H%M%S}",
    }
    rows = odd_switch.ask("GetPayHistory", account="C-301", **span, **LOGIN)["infoPayHistorys"]
    assert [row["memo"] for row in rows] == ["now"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 and, in the same file, its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "switch.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture(scope="module")
def closed(certificate: Path) -> Iterator[SimulatorProcess]:
    """Speaks TLS, and lets no client of this machine in."""
    file = str(certificate)
    with SimulatorProcess("--quiet-world", "--allow=192.0.2.1,192.0.2.2", "--tls-cert", file, "--tls-key", file) as one:
        yield one


def test_an_address_that_is_not_listed_gets_an_html_403_over_tls(closed: SimulatorProcess, certificate: Path) -> None:
    assert closed.url.startswith("https://")
    before = closed.control.account("C-301").money
    connection = HTTPSConnection(
        "localhost", urlsplit(closed.url).port, context=ssl.create_default_context(cafile=str(certificate))
    )
    connection.request("POST", "/external/server/Pay", b'{"ownerName":"C-301","ownerType":2,"money":1}')
    answer = connection.getresponse()
    assert answer.status == 403
    assert b"<html>" in answer.read()
    connection.close()
    assert closed.control.account("C-301").money == before


def test_control_may_share_the_switchs_port_but_then_nothing_can_pause() -> None:
    interface = Interface(Switch(Options(quiet=True)))
    listener = Listener("127.0.0.1", 0, interface, Controls(interface))
    url = f"http://127.0.0.1:{listener.port}"
    assert Asking(url).ask("GetSuite")["retCode"] == 0
    assert Control(url).stats().requests == {"GetSuite": 1}
    with pytest.raises(ControlFailed, match="a pause needs --control-port"):
        Control(url).pause()
    listener.pause()


def test_control_is_never_under_external(closed: SimulatorProcess, switch: Asking) -> None:
    for path in ("/external/control/stats", "/external/server/control/stats", "/control/stats"):
        with switch.post(path, b"{}") as answer:
            assert answer.status == 404


def test_a_taken_port_is_a_clear_error(simulator: SimulatorProcess) -> None:
    port = str(urlsplit(simulator.url).port)
    ended = subprocess.run(
        [sys.executable, "-m", "simulator", "--port", port], capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr == f"cannot listen on 127.0.0.1:{port}: Address already in use\n"
