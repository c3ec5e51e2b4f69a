"""Calls in progress (manual 3.21, 3.82)."""

from collections.abc import Mapping
from typing import Any

from simulator.records import Call
from simulator.refusals import not_found
from simulator.registry import Body, Result, operation
from simulator.state import State


@operation("GetCurrentCall")
def get_current_call(state: State, body: Body) -> Result:
    calls = [call for call in state.live.in_progress.values() if _wanted(call, body)]
    return {"infoCurrentCalls": [_row(state, call) for call in calls]}


def _wanted(call: Call, body: Body) -> bool:
    return (
        call.caller_e164 in body.get("callerE164s", [call.caller_e164])
        and call.callee_e164 in body.get("calleeE164s", [call.callee_e164])
        and body.get("gatewayMappingName") in {None, call.caller_gateway}
        and body.get("gatewayRoutingName") in {None, call.callee_gateway}
    )


def _row(state: State, call: Call) -> Mapping[str, Any]:
    seconds = max(0, (state.clock.now() - call.start) // 1000)
    flow = {"rtpPackets": seconds * 50, "rtpBytes": seconds * 8600, "rtpDuration": seconds * 1000}
    return {
        "callerE164": call.caller_e164,
        "calleeE164": call.callee_e164,
        "callerGatewayId": call.caller_gateway,
        "calleeGatewayId": call.callee_gateway,
        "connectedTime": call.start,
        "keepTime": seconds,
        "callCodec": "g729",
        "callerCodec": "g729",
        "calleeCodec": "g729",
        "callerRtpIp": call.caller_ip,
        "calleeRtpIp": call.callee_ip,
        "callerInfoRtpFlowAudio": flow,
        "calleeInfoRtpFlowAudio": flow,
        "callId": call.flow_no % 2**31,
    }


@operation("DisconnectCurrentCall")
def disconnect_current_call(state: State, body: Body) -> Result:
    flows = {flow % 2**31: flow for flow in state.live.in_progress}
    ended = [state.live.disconnect(flows.get(number, 0), state.ledger) for number in body["callIds"]]
    if not any(ended):
        raise not_found()
    return {}
