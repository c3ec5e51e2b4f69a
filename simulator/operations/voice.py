"""Call-back, announcements and recordings (manual 3.60, 3.61, 3.66, 3.74 to 3.78, 3.89): accepted, nothing rings."""

from simulator.refusals import not_found
from simulator.registry import Body, Result, operation
from simulator.resources import Resource, register
from simulator.state import State

register(Resource("IvrAudio", "id", {"ids": "id", "type": "type"}, numbered=True))


def _accepted(state: State, body: Body) -> Result:
    number = state.tables.new_id()
    state.tables.of("VoiceCall")[f"call-{number}"] = {}
    return {"transactionId": body.get("transactionId"), "callIdentifier": f"call-{number}"}


operation("CallBack")(_accepted)
operation("PlayAudio")(_accepted)


@operation("ReserveCalleeE164")
def reserve_callee(state: State, body: Body) -> Result:
    return {}


@operation("ModifyIvrAudioData")
def modify_ivr_audio_data(state: State, body: Body) -> Result:
    row = state.tables.of("IvrAudio").get(body["id"])
    if row is None:
        raise not_found()
    row["size"] = len(body["data"])
    return {}


@operation("DisconnectIvrCall")
def disconnect_ivr_call(state: State, body: Body) -> Result:
    ended = [state.tables.of("VoiceCall").pop(identifier, None) is not None for identifier in body["callIdentifiers"]]
    if not any(ended):
        raise not_found()
    return {}
