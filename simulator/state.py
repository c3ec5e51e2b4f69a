"""The state of the switch that an operation works on."""

from dataclasses import dataclass

from simulator.clock import Clock
from simulator.counting import Counting
from simulator.ledger import Ledger
from simulator.live import Live
from simulator.options import Options
from simulator.rates import RateTable
from simulator.tables import Tables


@dataclass
class State:
    options: Options
    clock: Clock
    ledger: Ledger
    tables: Tables
    live: Live
    counting: Counting

    @property
    def rates(self) -> dict[str, RateTable]:
        return self.live.maker.rates

    @property
    def used_package_seconds(self) -> dict[tuple[str, str], int]:
        return self.live.maker.used_seconds
