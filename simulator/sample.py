"""Who and what the sample world is made of. Telephone numbers come from ranges kept free for drama."""

from decimal import Decimal

import msgspec

from simulator.rates import Rate, RateTable, Section
from simulator.records import NEVER, ZERO, CallLevel

BUSINESS = (0, 0, 0, 0, 0, 0, 1, 3, 8, 12, 13, 12, 8, 9, 12, 12, 10, 6, 2, 1, 1, 0, 0, 0)
HOME = (1, 0, 0, 0, 0, 0, 1, 2, 2, 3, 3, 4, 5, 4, 3, 3, 4, 6, 9, 12, 13, 11, 6, 2)
WHOLESALE = (6, 5, 4, 3, 3, 3, 4, 5, 7, 8, 9, 9, 9, 10, 11, 12, 13, 14, 14, 13, 12, 11, 9, 7)


class Destination(msgspec.Struct, frozen=True):
    """A place to call: numbers that begin with `prefix` and have `digits` digits in all."""

    prefix: str
    digits: int


DESTINATIONS = {
    "onnet": Destination("442079460", 12),
    "london": Destination("442070", 12),
    "uk": Destination("44161496", 12),
    "uk-mobile": Destination("447700900", 12),
    "us": Destination("1212555", 11),
    "hawaii": Destination("1808555", 11),
    "china": Destination("8621", 12),
    "china-mobile": Destination("86138", 13),
    "bangladesh": Destination("88017", 13),
    "dhaka": Destination("8802", 11),
    "india": Destination("9198", 12),
    "pakistan": Destination("92300", 12),
    "germany": Destination("4930", 11),
    "france-mobile": Destination("336", 11),
    "portugal": Destination("35121", 12),
    "nigeria": Destination("234803", 13),
    "latvia": Destination("37167", 11),
}


class Profile(msgspec.Struct, frozen=True):
    """How an account calls: `per_day` calls on a working day, spread by `rhythm`, to `destinations` by weight."""

    account: str
    per_day: int
    rhythm: tuple[int, ...]
    destinations: dict[str, int]
    weekend: float = 0.3
    answered: float = 0.78


class Person(msgspec.Struct, frozen=True):
    account: str
    name: str
    opening: str
    rate_group: str
    agent: str = ""
    category: int = 0
    limit: str = "0"
    lock: int = 0
    valid: int | None = None
    """None: a year from the start of the world."""
    refill: int | None = 25
    """The usual top-up; None: never tops up, so the balance sinks below zero."""
    phones: int = 1
    memo: str = ""
    email: str = ""


PEOPLE = (
    Person("R-100", "Meridian Telecom", "940", "Partner", category=1, limit="500", refill=800, phones=0),
    Person("A-20417", "Zoë Chen", "22.5", "Retail", agent="R-100", phones=2, email="zoe@example.org"),
    Person("A-20418", "Harbour Dental Ltd", "48", "Business", agent="R-100", limit="50", refill=40, phones=3),
    Person("A-20419", "Café São Jorge", "18.2", "Retail", agent="R-100", memo="☕ paga em dinheiro"),
    Person("A-20420", "Omar Rahman", "1.75", "Retail", agent="R-100", limit="10", refill=None),
    Person("R-200", "Northwind Voice", "420", "Partner", category=1, refill=400, phones=0),
    Person("R-210", "Dhaka Link", "310", "Partner", agent="R-200", category=1, refill=250, phones=0),
    Person("A-30101", "Li Wei 李伟", "44", "Retail", agent="R-200", memo="老客户"),
    Person("A-31001", "Nusrat Jahan", "21.4", "Retail", agent="R-210", memo="নুসরাত জাহান"),
    Person("W-900", "Baltic Wholesale Carriers", "650", "Wholesale", limit="1000", refill=500, phones=0),
    Person("C-301", "Orchard Clinic", "68", "Business", valid=NEVER, refill=75, phones=3),
    Person("C-302", "Tariq Mahmood", "0.9", "Retail", lock=1, refill=None, memo="locked at his own wish"),
    Person("C-303", "The Old Mill", "75.25", "Business", valid=0, refill=100),
    Person("C-304", "O'Neill & Sons <Builders>", "1.4", "Business", limit="25", refill=None),
)

PROFILES = (
    Profile("A-20417", 9, HOME, {"china": 4, "china-mobile": 6, "uk": 3, "uk-mobile": 3, "onnet": 2, "us": 1}, 1.4),
    Profile("A-20418", 24, BUSINESS, {"london": 8, "uk": 6, "uk-mobile": 8, "onnet": 3, "germany": 1}, 0.1),
    Profile("A-20419", 7, BUSINESS, {"portugal": 5, "uk": 3, "uk-mobile": 4, "london": 3}, 0.9),
    Profile("A-20420", 2, HOME, {"bangladesh": 5, "dhaka": 1, "uk-mobile": 3}),
    Profile("A-30101", 8, HOME, {"china-mobile": 6, "china": 3, "us": 2, "hawaii": 1}, 1.3),
    Profile("A-31001", 6, HOME, {"bangladesh": 8, "dhaka": 2, "uk-mobile": 3}, 1.2),
    Profile(
        "W-900",
        240,
        WHOLESALE,
        {"bangladesh": 9, "pakistan": 4, "india": 5, "nigeria": 3, "china-mobile": 2},
        0.8,
        0.58,
    ),
    Profile("C-301", 30, BUSINESS, {"london": 9, "uk": 7, "uk-mobile": 9, "onnet": 2, "france-mobile": 1}, 0.15),
    Profile("C-302", 1, HOME, {"pakistan": 4, "uk": 2}),
    Profile("C-303", 6, HOME, {"uk": 5, "london": 4, "latvia": 1, "uk-mobile": 4}, 1.2),
    Profile("C-304", 3, BUSINESS, {"uk-mobile": 7, "uk": 4}, 0.2),
)

# prefix, area code, area, level, price of a minute, period in seconds, first intervals: (times the price, seconds)
_BASE = (
    ("44", "44", "United Kingdom", CallLevel.DOMESTIC, "0.0095", 60, ()),
    ("4420", "4420", "United Kingdom, London", CallLevel.LOCAL, "0.006", 60, ()),
    ("442079460", "onnet", "On-net", CallLevel.ON_NET, "0", 60, ()),
    ("447", "447", "United Kingdom, mobile", CallLevel.DOMESTIC, "0.0284", 6, ((1, 30),)),
    ("4470", "4470", "United Kingdom, personal numbers", CallLevel.DOMESTIC, "0.62", 60, ()),
    ("1", "1", "United States and Canada", CallLevel.INTERNATIONAL, "0.0112", 6, ((1, 30),)),
    ("1808", "1808", "United States, Hawaii", CallLevel.INTERNATIONAL, "0.0235", 6, ()),
    ("1907", "1907", "United States, Alaska", CallLevel.INTERNATIONAL, "0.091", 6, ()),
    ("86", "86", "China", CallLevel.INTERNATIONAL, "0.0146", 60, ()),
    ("8621", "8621", "China, Shanghai", CallLevel.INTERNATIONAL, "0.0128", 60, ()),
    ("8613", "8613", "China, mobile", CallLevel.INTERNATIONAL, "0.0159", 1, ((2, 60),)),
    ("880", "880", "Bangladesh", CallLevel.INTERNATIONAL, "0.0271", 60, ()),
    ("8802", "8802", "Bangladesh, Dhaka", CallLevel.INTERNATIONAL, "0.0243", 60, ()),
    ("88017", "88017", "Bangladesh, Grameenphone", CallLevel.INTERNATIONAL, "0.0322", 1, ((1, 10), (1, 50))),
    ("91", "91", "India", CallLevel.INTERNATIONAL, "0.0173", 30, ()),
    ("9198", "9198", "India, mobile", CallLevel.INTERNATIONAL, "0.0164", 1, ()),
    ("92", "92", "Pakistan", CallLevel.INTERNATIONAL, "0.0475", 60, ()),
    ("923", "923", "Pakistan, mobile", CallLevel.INTERNATIONAL, "0.0518", 60, ()),
    ("49", "49", "Germany", CallLevel.INTERNATIONAL, "0.0131", 60, ()),
    ("336", "336", "France, mobile", CallLevel.INTERNATIONAL, "0.0372", 1, ()),
    ("351", "351", "Portugal", CallLevel.INTERNATIONAL, "0.0124", 60, ()),
    ("234", "234", "Nigeria", CallLevel.INTERNATIONAL, "0.0883", 60, ()),
    ("371", "371", "Latvia", CallLevel.INTERNATIONAL, "0.115", 60, ()),
    ("881", "881", "Satellite", CallLevel.INTERNATIONAL, "4.9", 60, ()),
)

RATE_GROUPS = {"Retail": ("1.6", 4), "Business": ("1.25", 5), "Partner": ("0.9", 6), "Wholesale": ("0.62", 6)}


def rate_tables() -> dict[str, RateTable]:
    return {name: RateTable(_group(Decimal(factor), places)) for name, (factor, places) in RATE_GROUPS.items()}


def _group(factor: Decimal, places: int) -> list[Rate]:
    step = Decimal(1).scaleb(-places)
    rates = []
    for prefix, code, area, level, minute, period, first in _BASE:
        price = Decimal(minute) * factor
        rates.append(
            Rate(
                prefix=prefix,
                area_code=code,
                area_name=area,
                level=level,
                fee=(price * period / 60).quantize(step),
                period=period,
                sections=tuple(
                    Section((price * share * seconds / 60).quantize(step), seconds) for share, seconds in first
                ),
                locked=prefix == "881",
            )
        )
    return rates


class PackageOrder(msgspec.Struct, frozen=True):
    """A package that an account has: its monthly rent, and seconds a month to numbers with one of `prefixes`."""

    order: int
    account: str
    package: int


class Package(msgspec.Struct, frozen=True):
    id: int
    name: str
    rent: Decimal
    prefixes: tuple[str, ...]
    seconds: int
    minimum: Decimal = ZERO


PACKAGES = (
    Package(1, "UK 300 minutes", Decimal("4.5"), ("44",), 300 * 60),
    Package(2, "China 120 minutes", Decimal("2.95"), ("86",), 120 * 60),
    Package(3, "Asia saver", Decimal("1.2"), ("880", "8621"), 60 * 60, Decimal(3)),
)
PACKAGE_ORDERS = (
    PackageOrder(11, "A-20417", 2),
    PackageOrder(12, "C-301", 1),
    PackageOrder(13, "A-30101", 3),
)
