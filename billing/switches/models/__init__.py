from billing.switches.models.failures import AnswerFault, SettingReason, SwitchFailure
from billing.switches.models.observations import Observation
from billing.switches.models.on_demand import OnDemand
from billing.switches.models.unusable_answers import UnusableAnswer

__all__ = ["AnswerFault", "Observation", "OnDemand", "SettingReason", "SwitchFailure", "UnusableAnswer"]
