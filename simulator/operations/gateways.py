"""Gateways of customers and of carriers, and which of them are online (manual 3.11 to 3.20)."""

from collections.abc import Mapping
from typing import Any

from simulator.registry import Body, Result, operation
from simulator.resources import Resource, register
from simulator.state import State

_UP_SINCE_MS = 30 * 86_400_000

register(Resource("GatewayMapping", "name", {"names": "name"}))
register(Resource("GatewayRouting", "name", {"names": "name"}))


def _online(state: State, resource: str, names: list[str] | None) -> list[Mapping[str, Any]]:
    now = state.clock.now()
    return [
        {
            **row,
            "id": number,
            "remoteIps": row.get("remoteIps", ""),
            "registerTime": now - _UP_SINCE_MS,
            "updateTime": now,
            "keepTime": _UP_SINCE_MS // 1000,
            "softswitchName": "vos3000",
        }
        for number, row in enumerate(state.tables.of(resource).values(), start=1)
        if names is None or row["name"] in names
    ]


@operation("GetGatewayMappingOnline")
def get_gateway_mapping_online(state: State, body: Body) -> Result:
    return {"infoGatewayMappingOnlines": _online(state, "GatewayMapping", body.get("names"))}


@operation("GetGatewayRoutingOnline")
def get_gateway_routing_online(state: State, body: Body) -> Result:
    return {"infoGatewayRoutingOnlines": _online(state, "GatewayRouting", body.get("names"))}
