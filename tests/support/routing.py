"""What only an operator may see of a call, each thing with a mark that stands nowhere else."""

from __future__ import annotations

# By their names on the wire (GetCdr).
ROUTING_MARKS = {
    "callerAccessE164": "77130001",
    "callerToGatewayE164": "77130002",
    "calleeAccessE164": "77130003",
    "calleeToGatewayE164": "77130004",
    "callerGateway": "gw-mark-71301",
    "calleeGateway": "rt-mark-71302",
    "callerip": "198.51.100.131",
    "calleeip": "198.51.100.132",
    "callerProductId": "product-mark-71303",
    "calleeProductId": "product-mark-71304",
}
