"""What calls cost, by the prefix of the number that is called (manual 3.44)."""

from __future__ import annotations

from decimal import Decimal

from msgspec import field

from ..client import Client
from ..field_types import Record
from ..rows import Listed, RowReader


class FirstInterval(Record, frozen=True, kw_only=True):
    """A first interval of a rate: `time` seconds, begun or not, cost `fee`."""

    fee: Decimal
    time: int
    position: int = 0


class FeeRate(Record, frozen=True, kw_only=True):
    """The rate of a prefix: `fee` for each begun `period` of seconds, after the first intervals."""

    fee_prefix: str
    area_name: str = ""
    first_intervals: tuple[FirstInterval, ...] = field(default=(), name="infoFeeRateSections")
    fee: Decimal
    period: int


FEE_RATES = RowReader(FeeRate, named_by="feePrefix")


def get_fee_rates(client: Client, *, group: str) -> Listed[FeeRate]:
    """Read the rates of one rate group (3.44); a group that does not exist has none."""
    return client.read_list("GetFeeRate", {"feeRateGroup": group}, "infoFeeRates", FEE_RATES)
