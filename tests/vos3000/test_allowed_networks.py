"""Nothing a person enters aims a request elsewhere than where switches may be."""

from __future__ import annotations

from decimal import Decimal
from ipaddress import ip_network

import pytest

from billing.vos3000 import Unreachable
from billing.vos3000.allowed_networks import is_in_reach
from billing.vos3000.operations.customers import get_customers
from billing.vos3000.operations.payments import pay
from tests.support.rawserver import RawServer, reply
from tests.support.switch_clients import MakeClient

OURS = (ip_network("203.0.113.0/24"), ip_network("2001:db8::/32"))


@pytest.mark.parametrize(
    ("address", "anywhere", "ours"),
    [
        ("203.0.113.10", True, True),
        ("2001:db8::10", True, True),
        ("::ffff:203.0.113.10", True, True),
        ("10.20.0.1", True, False),
        ("127.0.0.1", True, False),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("fe80::1%eth0", False, False),
        ("fd00:ec2::254", False, False),
        ("100.100.100.200", False, False),
        ("224.0.0.1", False, False),
    ],
)
def test_a_switch_is_where_switches_may_be(address: str, anywhere: bool, ours: bool) -> None:
    assert is_in_reach(address, ()) is anywhere
    assert is_in_reach(address, OURS) is ours


@pytest.mark.parametrize("place", ["http://127.0.0.1", "http://localhost", "https://127.0.0.1"])
def test_nothing_is_sent_to_an_address_out_of_reach_whatever_its_name(place: str, make_client: MakeClient) -> None:
    with RawServer(*[reply('{"retCode":0}')] * 2) as server:
        client = make_client(server.url.replace("http://127.0.0.1", place), networks=OURS)
        with pytest.raises(Unreachable, match="none that a switch may have") as failure:
            get_customers(client, accounts=["A-1"])
        assert not failure.value.transient
        with pytest.raises(Unreachable, match="none that a switch may have"):
            pay(client, account="A-1", amount=Decimal(1), memo="TU-1")
        assert server.received == []
