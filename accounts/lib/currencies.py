"""How many decimal places a currency has (ISO 4217)."""

TWO = 2
# Those that have not two.
NONE = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
THREE = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
FOUR = frozenset(["CLF", "UYW"])
PLACES = {**dict.fromkeys(NONE, 0), **dict.fromkeys(THREE, 3), **dict.fromkeys(FOUR, 4)}


def places_of(currency: str) -> int:
    return PLACES.get(currency, TWO)
