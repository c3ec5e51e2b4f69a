import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.javadouble import java_double


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ("10", "10.0"),
        ("0", "0.0"),
        ("-0", "-0.0"),
        ("0E-6", "0.0"),
        ("0.0001", "1.0E-4"),
        ("0.000123", "1.23E-4"),
        ("0.001", "0.001"),
        ("12345678.9", "1.23456789E7"),
        ("9999999", "9999999.0"),
        ("1E+7", "1.0E7"),
        ("-250.1250", "-250.125"),
        ("100", "100.0"),
    ],
)
def test_a_double_is_printed_as_java_prints_it(value: str, printed: str) -> None:
    assert java_double(Decimal(value)) == printed


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**8), max_value=10**8, places=6))
def test_six_places_come_back_exactly(value: Decimal) -> None:
    assert Decimal(java_double(value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_keeps_its_value_and_has_javas_shape(value: float) -> None:
    printed = java_double(Decimal(repr(value)))
    assert float(printed) == value
    assert re.fullmatch(r"-?\d+\.\d+(E-?\d+)?", printed)
    assert ("E" in printed) == (value != 0 and not 1e-3 <= abs(value) < 1e7)
