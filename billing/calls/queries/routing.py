"""The routing of one call, for the page of staff who may see it."""

from __future__ import annotations

from dataclasses import dataclass

from billing.calls.models import Call
from billing.calls.models.routing import ROUTING, CallRouting


@dataclass(frozen=True)
class Routed:
    """One fact of a call's routing; `text` is empty where the switch said nothing, or what could not be read."""

    name: str
    text: str


def routing_of(call: Call) -> list[Routed]:
    """List the routing of a call; the list is empty where none was kept."""
    kept = CallRouting.objects.filter(switch=call.switch_id, flow_no=call.flow_no, started_at=call.started_at).first()
    return [Routed(str(words), getattr(kept, name)) for name, words in ROUTING.items()] if kept else []
