"""Finding out which operations a switch answers, by harmless reads: of no account or card, of a day long past."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .client import Client
from .endpoint import Json
from .errors import SwitchError
from .operations.reports import Period
from .owner_types import account_owner

NO_ONE = "portal-probe"
DAY = {"beginTime": "20000101", "endTime": "20000101"}
MINUTE = {"beginTime": "20000101000000", "endTime": "20000101000100"}

PROBES: Mapping[str, Mapping[str, Json]] = {
    "GetCustomer": {"accounts": [NO_ONE]},
    "GetAllCustomers": {"type": 1},
    "GetPayHistory": {"account": NO_ONE, **MINUTE},
    "GetConsumption": {"account": NO_ONE, **MINUTE},
    "GetCdr": {"accounts": [NO_ONE], **DAY},
    "GetReportCustomerFee": {"accounts": [NO_ONE], "period": int(Period.DAY), **DAY},
    "GetFeeRate": {"feeRateGroup": NO_ONE},
    "GetSuiteOrder": account_owner(NO_ONE),
    "GetSuite": {"ids": [0]},
    "GetPhoneCard": {"pin": NO_ONE, "password": ""},
}


def probe(client: Client, operations: Iterable[str] = tuple(PROBES)) -> list[str]:
    """Return those of the operations that answer, if only with a refusal. Writes are never tried, so never listed."""
    return [operation for operation in operations if _answers(client, operation)]


def ask_harmlessly(client: Client) -> None:
    """Ask for an account that does not exist, to see that the switch answers. Raises SwitchError."""
    client.ask("GetCustomer", PROBES["GetCustomer"])


def _answers(client: Client, operation: str) -> bool:
    if operation not in PROBES:
        return False
    try:
        client.ask(operation, PROBES[operation])
    except SwitchError:
        return False
    return True
