"""The switch itself: its health, its alarms, and addresses that it blocks (manual 3.56, 3.57, 3.85 to 3.88)."""

from simulator.refusals import not_found
from simulator.registry import Body, Result, operation
from simulator.state import State

_INSTALLED_MS = 300 * 86_400_000


@operation("GetSoftSwitch")
def get_soft_switch(state: State, body: Body) -> Result:
    created = state.clock.now() - _INSTALLED_MS
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
    """Return the newest alarm: the contract gives one, not a list."""
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
