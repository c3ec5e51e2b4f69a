"""Everything on the switch that is neither money nor a call: rows under the contract's names, and vouchers."""

from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from simulator.records import PhoneCard
from simulator.sample import PACKAGE_ORDERS, PACKAGES, RATE_GROUPS

Row = dict[str, Any]
Key = str | int

_DAY_MS = 86_400_000


@dataclass
class Tables:
    """The tables. `rows` maps a resource of the contract ("Phone", "Suite", …) to its rows by key."""

    rows: dict[str, dict[Key, Row]] = field(default_factory=dict)
    phone_book: dict[str, dict[str, Row]] = field(default_factory=dict)
    limited: dict[str, dict[str, Row]] = field(default_factory=dict)
    cards: dict[str, PhoneCard] = field(default_factory=dict)
    offline: set[str] = field(default_factory=set)
    next_id: int = 100

    def copy(self) -> "Tables":
        return deepcopy(self)

    def of(self, resource: str) -> dict[Key, Row]:
        return self.rows.setdefault(resource, {})

    def new_id(self) -> int:
        self.next_id += 1
        return self.next_id - 1


def sample_tables(seed: int, phones: dict[str, list[str]], now: int) -> Tables:
    draw = Random(seed + 2)
    tables = Tables()
    for account, numbers in phones.items():
        for number in numbers:
            tables.of("Phone")[number] = _phone(account, number, draw)
    tables.offline = {numbers[-1] for numbers in phones.values() if len(numbers) > 2}
    _add_packages(tables, now)
    _add_cards(tables, now)
    for name in RATE_GROUPS:
        tables.of("FeeRateGroup")[name] = {"name": name, "fakeMinute": 0, "memo": ""}
    _add_gateways(tables)
    _add_phone_book(tables, now)
    tables.of("MobileArea")["447700"] = {"mobilePrefix": "447700", "areaCode": "44", "areaName": "United Kingdom"}
    return tables


def _phone(account: str, number: str, draw: Random) -> Row:
    return {
        "e164": number,
        "password": f"sip-{draw.randrange(10**10):010}",
        "displayNumber": number,
        "lockType": 0,
        "callLevel": 4,
        "account": account,
        "customerPassword": f"web-{draw.randrange(10**8):08}",
        "lineCallIn": 2,
        "lineCallOut": 2,
        "lineCapacity": 2,
        "calleeBilling": False,
        "memo": "",
        "infoPhoneValueAdded": {
            "callerIdDisplay": True,
            "doNotDisturb": False,
            "unconditionalForward": False,
            "voiceMail": True,
        },
        "infoPhoneAdditional": {"registerType": 0, "protocol": 0, "sipT38Support": True},
    }


def _add_packages(tables: Tables, now: int) -> None:
    for package in PACKAGES:
        gift = {"startTime": 0, "endTime": 86_400, "giftTime": package.seconds, "billingTime": 60}
        tables.of("Suite")[package.id] = {
            "id": package.id,
            "name": package.name,
            "rentPeriod": 1,
            "rentType": 2,
            "nonholonomicOrder": False,
            "rentFee": package.rent,
            "minConsumption": package.minimum,
            "lowerConsumption": Decimal(0),
            "giftMoney": Decimal(0),
            "infoGiftTimes": [{**gift, "prefix": ",".join(package.prefixes)}],
        }
    for order in PACKAGE_ORDERS:
        tables.of("SuiteOrder")[order.order] = {
            "id": order.order,
            "ownerName": order.account,
            "ownerType": 2,
            "suiteId": order.package,
            "availableTime": now - 90 * _DAY_MS,
            "expireTime": now + 275 * _DAY_MS,
            "priority": 0,
            "rentPercent": Decimal(100),
        }


def _add_cards(tables: Tables, now: int) -> None:
    year = 365 * _DAY_MS
    cards = [
        PhoneCard(f"90000{number:03}", f"{4100 + number}", Decimal(money), now + year, memo="sample voucher")
        for number, money in enumerate((5, 10, 10, 20, 20, 50, 50, 100), start=1)
    ]
    cards.append(PhoneCard("90000901", "7001", Decimal(10), now + year, used_at=now - 9 * _DAY_MS, used_by="A-20419"))
    cards.append(PhoneCard("90000902", "7002", Decimal(20), now - _DAY_MS, memo="expired"))
    tables.cards = {card.pin: card for card in cards}
    tables.of("ActivePhoneCard")["770001"] = {
        "pin": "770001",
        "account": "A-20417",
        "password": "2468",
        "displayE164": "",
        "bindLimit": 3,
        "activeTime": now - 30 * _DAY_MS,
        "memo": "",
    }
    tables.of("BindedE164")["447700900123"] = {
        "e164": "447700900123",
        "pin": "770001",
        "account": "A-20417",
        "bindTime": now - 29 * _DAY_MS,
        "memo": "Zoë's mobile",
    }


def _add_gateways(tables: Tables) -> None:
    tables.of("GatewayMapping")["gw-baltic"] = {
        "name": "gw-baltic",
        "account": "W-900",
        "capacity": 120,
        "callLevel": 5,
        "remoteIps": "203.0.113.77",
        "password": "gateway-secret",
    }
    for name, prefix in (("rt-london-1", "44"), ("rt-dhaka-1", "880"), ("rt-hongkong-2", "86"), ("rt-world-1", "")):
        tables.of("GatewayRouting")[name] = {
            "name": name,
            "prefix": prefix,
            "capacity": 60,
            "remoteIp": "198.51.100.20",
        }


def _add_phone_book(tables: Tables, now: int) -> None:
    for account, number, short, name in (
        ("A-20417", "862155501234", "201", "妈妈"),
        ("A-20417", "442079460201", "202", "Work"),
        ("C-301", "442070555010", "11", "St Anne's Hospital"),
    ):
        tables.phone_book.setdefault(account, {})[number] = {
            "e164": number,
            "shortE164s": [short],
            "name": name,
            "type": 0,
            "lastUpdateTime": now - 20 * _DAY_MS,
            "memo": "",
        }
