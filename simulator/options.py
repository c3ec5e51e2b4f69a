"""How this switch was started."""

from dataclasses import dataclass, field
from datetime import time
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
    directories: tuple[str, ...] = ("/external/server", "/external/test/server")
    suffix: str = ""
    content_type: str = ""
    """The only media type that requests may have, such as text/plain; empty: any."""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    allow: frozenset[str] = frozenset()
    older: bool = False
    pages_alone: bool = False
    """A build with the older interface alone: pages with a login under /thirdparty and /internal."""
    quiet: bool = False
    extra_fields: tuple[tuple[str, str], ...] = ()
    deduction_sign: int = -1
    counting: Counting = field(default_factory=Counting)
    keep_empty_lists: bool = False
    quiet_hours: tuple[time, time] | None = None
    """From when until when, by the switch's clock, call records are refused."""
    longest_range: int = 0
    """How many days one request may be about; 0: any number."""
