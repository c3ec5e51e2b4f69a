"""The routing of one call, for the page of staff who may see it."""

from __future__ import annotations

from dataclasses import dataclass

from billing.calls.models import Call
from billing.calls.models.routing import ROUTING, CallRouting


@dataclass(frozen=True)
class Routed:
    """`text` is empty where the switch said nothing, or what could not be read."""

    name: str
    text: str


def routing_of(call: Call) -> list[Routed]:
    """None where nothing was kept of the call."""
    kept = CallRouting.objects.filter(switch=call.switch_id, flow_no=call.flow_no, started_at=call.started_at).first()
    return [Routed(words, getattr(kept, name)) for name, words in ROUTING.items()] if kept else []
