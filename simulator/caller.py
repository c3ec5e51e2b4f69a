"""Makes call records that look like people's: when, whom, how long, and at what price."""

from dataclasses import dataclass, field
from datetime import date
from random import Random

from simulator.clock import Clock
from simulator.ledger import Ledger
from simulator.rates import Rate, RateTable, price, rate_of
from simulator.records import ZERO, Account, Call
from simulator.sample import DESTINATIONS, PACKAGE_ORDERS, PACKAGES, Destination, Package, Profile

_FAILED_REASONS = (17, 19, 19, 34, 1)
_ROUTES = {"44": "rt-london-1", "88": "rt-dhaka-1", "86": "rt-hongkong-2"}
_PACKAGE_OF = {order.account: next(p for p in PACKAGES if p.id == order.package) for order in PACKAGE_ORDERS}


@dataclass
class CallMaker:
    draw: Random
    ledger: Ledger
    rates: dict[str, RateTable]
    phones: dict[str, list[str]]
    used_seconds: dict[tuple[str, str], int] = field(default_factory=dict)

    def starts_of_day(self, profile: Profile, day: date, clock: Clock) -> list[int]:
        mean = profile.per_day * (profile.weekend if day.weekday() >= 5 else 1)
        count = max(0, round(self.draw.gauss(mean, max(1.0, mean / 6))))
        begin = clock.day_start(day)
        hours = self.draw.choices(range(24), weights=profile.rhythm, k=count)
        return sorted(begin + int((hour + self.draw.random()) * 3_600_000) for hour in hours)

    def make(self, profile: Profile, start: int, month: str, *, at_least: int = 0) -> Call:
        account = self.ledger.accounts[profile.account]
        names = list(profile.destinations)
        name = self.draw.choices(names, weights=list(profile.destinations.values()))[0]
        callee = self._number(DESTINATIONS[name])
        answered = self.draw.random() < profile.answered or at_least > 0
        hold = max(1, at_least, int(self.draw.expovariate(1 / 150))) if answered else 0
        return self._priced(account, callee, start, min(hold, 5400), month)

    def _number(self, destination: Destination) -> str:
        free = destination.digits - len(destination.prefix)
        return destination.prefix + str(self.draw.randrange(10**free)).rjust(free, "0")

    def _priced(self, account: Account, callee: str, start: int, hold: int, month: str) -> Call:
        rate = rate_of(self.rates, account.rate_group, callee)
        fee, billed = price(rate, hold)
        suite_fee, suite_seconds = ZERO, 0
        if billed and self._takes_from_package(account.account, callee, billed, month):
            fee, suite_fee, billed, suite_seconds = ZERO, fee, 0, billed
        agent, agent_rate = self._agent_rate(account, callee)
        agent_fee, agent_billed = price(agent_rate, hold) if agent else (ZERO, 0)
        phones = self.phones.get(account.account)
        caller = self.draw.choice(phones) if phones else f"3716{self.draw.randrange(10**7):07}"
        route = _ROUTES.get(callee[:2], "rt-world-1")
        return Call(
            caller_e164=caller,
            callee_e164=callee,
            start=start,
            stop=start + hold * 1000 + self.draw.randrange(1500, 24000),
            hold_time=hold,
            account=account.account,
            flow_no=self.ledger.new_flow(),
            caller_access_e164=caller,
            caller_product_id="Yealink SIP-T46U" if phones else "",
            caller_to_gateway_e164=callee,
            caller_gateway="" if phones else "gw-baltic",
            caller_ip="192.0.2.41" if phones else "203.0.113.77",
            callee_access_e164=callee,
            callee_to_gateway_e164="00" + callee,
            callee_gateway=route,
            callee_ip="198.51.100.20",
            fee_time=billed,
            fee=fee,
            fee_prefix=rate.prefix if rate else "",
            suite_fee=suite_fee,
            suite_fee_time=suite_seconds,
            agent_fee=agent_fee,
            agent_fee_time=agent_billed,
            agent_fee_prefix=agent_rate.prefix if agent_rate else "",
            call_level=rate.level if rate else 5,
            account_name=account.name,
            agent_account=account.agent,
            agent_name=agent.name if agent else "",
            end_direction=(0 if self.draw.random() < 0.6 else 1) if hold else 2,
            end_reason=16 if hold else self.draw.choice(_FAILED_REASONS),
            billing_mode=0 if phones else 1,
        )

    def _agent_rate(self, account: Account, callee: str) -> tuple[Account | None, Rate | None]:
        agent = self.ledger.accounts.get(account.agent)
        return (agent, rate_of(self.rates, agent.rate_group, callee)) if agent else (None, None)

    def _takes_from_package(self, account: str, callee: str, seconds: int, month: str) -> bool:
        package: Package | None = _PACKAGE_OF.get(account)
        if package is None or not callee.startswith(package.prefixes):
            return False
        used = self.used_seconds.get((account, month), 0)
        if used + seconds > package.seconds:
            return False
        self.used_seconds[account, month] = used + seconds
        return True
