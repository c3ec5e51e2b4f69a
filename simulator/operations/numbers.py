"""Limited numbers, converted numbers, and areas of mobile numbers (manual 3.45, 3.67 to 3.73, 3.79 on)."""

from simulator.refusals import not_found
from simulator.registry import Body, Result, operation
from simulator.resources import Resource, register
from simulator.state import State
from simulator.tables import Row

register(Resource("LimitE164Group", "name", {"names": "name"}))
register(Resource("E164Convert", "id", {"account": "account", "e164": "e164"}, numbered=True))


def _limited(state: State, group: str) -> dict[str, Row]:
    if group not in state.tables.of("LimitE164Group"):
        raise not_found()
    return state.tables.limited.setdefault(group, {})


@operation("CreateLimitE164")
def create_limited(state: State, body: Body) -> Result:
    group = _limited(state, body["limitE164GroupName"])
    group.update({row["e164"]: row for row in body["infoLimitE164s"]})
    return {}


@operation("DeleteLimitE164")
def delete_limited(state: State, body: Body) -> Result:
    group = _limited(state, body["limitE164GroupName"])
    for number in body["e164s"]:
        group.pop(number, None)
    return {}


@operation("GetLimitE164")
def get_limited(state: State, body: Body) -> Result:
    rows = _limited(state, body["limitE164GroupName"]).values()
    return {"infoLimitE164s": [row for row in rows if body.get("e164") in {None, row["e164"]}]}


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
