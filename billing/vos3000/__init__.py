"""The service module: the VOS3000 web interface, typed. It knows neither Django nor Celery.

Open a client for one switch and give it to an operation:

    from billing.vos3000 import Client, Endpoint
    from billing.vos3000.operations.customers import get_customers

    with Client(Endpoint("http://192.0.2.1:8080", ZoneInfo("Asia/Shanghai"))) as client:
        (customer,) = get_customers(client, accounts=["10011"])

Here stands what belongs to no single operation: the client, how a request can fail, and the values that many answers
hold. The operations, their answers and their code tables stand in `operations`, in a module for each subject.
"""

from .admission import Admission
from .cdr_slow import UnreadableRecord
from .client import Client
from .endpoint import BadSetting, Endpoint, SettingFlaw
from .errors import (
    Lost,
    Malformed,
    OutOfReach,
    Refused,
    Resting,
    SwitchError,
    TimedOut,
    UnexpectedStatus,
    UnknownOutcome,
    Unreachable,
    Untrusted,
    Withheld,
)
from .expiry import Expiry, ExpiryKind
from .rows import Listed, RowFault, UnreadableRow

__all__ = [
    "Admission",
    "BadSetting",
    "Client",
    "Endpoint",
    "Expiry",
    "ExpiryKind",
    "Listed",
    "Lost",
    "Malformed",
    "OutOfReach",
    "Refused",
    "Resting",
    "RowFault",
    "SettingFlaw",
    "SwitchError",
    "TimedOut",
    "UnexpectedStatus",
    "UnknownOutcome",
    "Unreachable",
    "UnreadableRecord",
    "UnreadableRow",
    "Untrusted",
    "Withheld",
]
