"""How this switch was started."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from simulator.counting import Counting

FIRST_NEWER_SECTION = (3, 64)
"""A 2.1.4 build ends before this section of the manual: GetConsumption, GetAllCustomers and what follows."""

NEWER_FIELDS = {
    "InfoCustomer": frozenset({"canceled", "ctdBillingType", "category", "bindedE164s"}),
    "InfoAvailableTime": frozenset({"timeRemainRoutingGateway"}),
    "InfoPhoneOnline": frozenset({"cryptoType", "productId"}),
    "InfoCurrentCall": frozenset({"callerCryptoType", "calleeCryptoType", "callerLocalIp", "calleeLocalIp"}),
    "InfoCdr": frozenset({"agentSuiteFee", "agentSuiteFeeTime"}),
}
"""What a 2.1.4 build leaves out of its answers."""


@dataclass(frozen=True)
class Options:
    seed: int = 1
    suffix: str = ""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    allow: frozenset[str] = frozenset()
    older: bool = False
    quiet: bool = False
    extra_fields: tuple[tuple[str, str], ...] = ()
    deduction_sign: int = -1
    counting: Counting = field(default_factory=Counting)
    keep_empty_lists: bool = False
