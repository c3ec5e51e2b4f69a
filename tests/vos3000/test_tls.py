"""A switch proves itself by an authority, by a CA file or by its fingerprint; else nothing leaves."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from billing.vos3000 import TimedOut, Unreachable
from billing.vos3000.operations.customers import get_all_customers
from billing.vos3000.operations.payments import pay
from tests.support.certificates import Identity, make_identity
from tests.support.rawserver import RawServer, hang_up, reply
from tests.support.switch_clients import MakeClient

NONE = '{"retCode":0}'
PAID = '{"retCode":0,"infoPay":{"account":"A","money":1.0,"payMoney":1.0}}'


@pytest.fixture(scope="module")
def switch(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return make_identity(tmp_path_factory.mktemp("tls"), "switch", address="127.0.0.1")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return make_identity(tmp_path_factory.mktemp("tls"), "stranger", address="192.0.2.1")


def test_a_ca_file_is_trusted(make_client: MakeClient, switch: Identity) -> None:
    with RawServer(reply(NONE, keep=True), reply(NONE), context=switch.context) as server:
        client = make_client(server.url, ca_file=switch.file)
        assert get_all_customers(client) == get_all_customers(client) == []
    assert [request.connection for request in server.received] == [0, 0]


def test_a_fingerprint_is_trusted_whatever_the_name(make_client: MakeClient, stranger: Identity) -> None:
    for fingerprint in (stranger.fingerprint, stranger.fingerprint.replace(":", "").upper()):
        with RawServer(reply(NONE), reply(PAID), context=stranger.context) as server:
            client = make_client(server.url, fingerprint=fingerprint)
            assert get_all_customers(client) == []
            assert pay(client, account="A", amount=Decimal(1), memo="").amount == 1


@pytest.mark.parametrize("case", ["no pin", "another pin", "another authority", "another name"])
def test_nothing_is_sent_to_a_switch_that_does_not_prove_itself(
    make_client: MakeClient, switch: Identity, stranger: Identity, case: str
) -> None:
    trust: dict[str, dict[str, str | Path]] = {
        "no pin": {},
        "another pin": {"fingerprint": switch.fingerprint},
        "another authority": {"ca_file": switch.file},
        "another name": {"ca_file": stranger.file},
    }
    with RawServer(reply(PAID), context=stranger.context) as server:
        client = make_client(server.url, **trust[case])
        with pytest.raises(Unreachable, match="trusted") as raised:
            pay(client, account="A", amount=Decimal(1), memo="")
        with pytest.raises(Unreachable):
            get_all_customers(client)
        assert not server.received
    assert not raised.value.transient


def test_a_fingerprint_is_asserted_on_every_connection(
    make_client: MakeClient, switch: Identity, stranger: Identity
) -> None:
    """The same address answers with another certificate when the kept connection is made again."""
    with RawServer(reply(NONE, keep=True), hang_up, reply(NONE), context=switch.context) as server:
        client = make_client(server.url, fingerprint=switch.fingerprint)
        get_all_customers(client)
        server.become(stranger.context)
        with pytest.raises(Unreachable):
            get_all_customers(client)
        assert len(server.received) == 2


def test_a_trickle_over_tls_ends(make_client: MakeClient, switch: Identity) -> None:
    with RawServer(context=switch.context) as server:
        server.replies.append(server.trickle(b"HTTP/1.1 200 OK\r\n\r\n{", b" ", 0.05))
        with pytest.raises(TimedOut):
            get_all_customers(make_client(server.url, ca_file=switch.file))


@pytest.mark.parametrize("fingerprint", ["", "ab", "zz" * 32, "ab" * 20])
def test_a_fingerprint_that_is_no_sha_256_is_refused(make_client: MakeClient, fingerprint: str) -> None:
    with pytest.raises(ValueError, match="fingerprint"):
        make_client("https://127.0.0.1:1", fingerprint=fingerprint)


def test_a_missing_ca_file_is_refused(make_client: MakeClient, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        make_client("https://127.0.0.1:1", ca_file=tmp_path / "absent.pem")
