"""Which addresses a switch may have: whatever its name leads to is looked at before anything is sent there."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network

# No switch is there. A link's own addresses are where clouds tell a machine its passwords.
NEVER = tuple(
    map(
        ip_network,
        (
            *("0.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32", "224.0.0.0/3"),
            *("::/128", "fe80::/10", "fd00:ec2::/32", "ff00::/8"),
        ),
    )
)


def is_in_reach(address: str, networks: Sequence[Network]) -> bool:
    """Within one of the networks, if any is named; ValueError for what is no address."""
    known = ip_address(address.partition("%")[0])
    if isinstance(known, IPv6Address) and known.ipv4_mapped is not None:
        known = known.ipv4_mapped
    if any(known in network for network in NEVER):
        return False
    return not networks or any(known in network for network in networks)
