"""Calls in progress, gateways online, and the switch itself (manual 3.15, 3.20, 3.21, 3.56, 3.57, 3.82, 3.85 on)."""

from collections.abc import Mapping
from typing import Any

from simulator.operations.registry import Body, Result, operation
from simulator.records import Call
from simulator.refusals import not_found
from simulator.state import State

_UP_SINCE_MS = 30 * 86_400_000


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


@operation("GetSoftSwitch")
def get_soft_switch(state: State, body: Body) -> Result:
    created = state.clock.now() - 10 * _UP_SINCE_MS
    return {"infoSoftSwitches": [{"name": "vos3000", "identification": "simulator", "createTime": created}]}


@operation("GetPerformance")
def get_performance(state: State, body: Body) -> Result:
    return {"infoPerformance": {"callSize": len(state.live.in_progress)}}


@operation("CreateAlarm")
def create_alarm(state: State, body: Body) -> Result:
    number = state.tables.new_id()
    alarm = {"startTime": state.clock.now(), **body, "id": number, "type": 20000, "memo": body.get("alarmInfo", "")}
    state.tables.of("Alarm")[number] = alarm
    return {}


@operation("GetAlarmCurrent")
def get_alarm_current(state: State, body: Body) -> Result:
    """The contract gives one alarm, not a list: the newest."""
    alarms = list(state.tables.of("Alarm").values())
    return {"infoAlarmCurrents": alarms[-1]} if alarms else {}


@operation("CreateIpLimit")
def create_ip_limit(state: State, body: Body) -> Result:
    state.tables.of("IpLimit")[body["ip"]] = dict(body)
    return {}


@operation("DeleteIpLimit")
def delete_ip_limit(state: State, body: Body) -> Result:
    limits = state.tables.of("IpLimit")
    gone = [limits.pop(address.strip(), None) for address in body["ips"].split(",")]
    if not any(gone):
        raise not_found()
    return {}


@operation("CreateMobileArea")
def create_mobile_area(state: State, body: Body) -> Result:
    state.tables.of("MobileArea").update({row["mobilePrefix"]: row for row in body["infoMobileAreas"]})
    return {}


@operation("DeleteMobileArea")
def delete_mobile_area(state: State, body: Body) -> Result:
    areas = state.tables.of("MobileArea")
    for prefix in body["mobilePrefixes"]:
        areas.pop(prefix, None)
    return {}


@operation("GetMobileArea")
def get_mobile_area(state: State, body: Body) -> Result:
    prefix = body.get("mobilePrefix", "")
    rows = [row for key, row in state.tables.of("MobileArea").items() if str(key).startswith(prefix)]
    return {"infoMobileAreas": rows}
