"""Harmless reads that show whether an operation answers: no account or card of that name, a day long past."""

from __future__ import annotations

from collections.abc import Mapping

from .codes import OwnerType, Period
from .endpoint import Json

NOBODY = "portal-probe"
DAY = {"beginTime": "20000101", "endTime": "20000101"}
MINUTE = {"beginTime": "20000101000000", "endTime": "20000101000100"}

PROBES: Mapping[str, Mapping[str, Json]] = {
    "GetCustomer": {"accounts": [NOBODY]},
    "GetAllCustomers": {"type": 1},
    "GetPayHistory": {"account": NOBODY, **MINUTE},
    "GetConsumption": {"account": NOBODY, **MINUTE},
    "GetCdr": {"accounts": [NOBODY], **DAY},
    "GetReportCustomerFee": {"accounts": [NOBODY], "period": int(Period.DAY), **DAY},
    "GetFeeRate": {"feeRateGroup": NOBODY},
    "GetSuiteOrder": {"ownerName": NOBODY, "ownerType": int(OwnerType.ACCOUNT)},
    "GetSuite": {"ids": [0]},
    "GetPhoneCard": {"pin": NOBODY, "password": ""},
}
