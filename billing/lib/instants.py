"""Instants as numbers, for arithmetic and for what travels as text: microseconds and milliseconds since 1970, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def from_micros(number: int) -> datetime:
    return EPOCH + number * MICROSECOND


def from_millis(number: int) -> datetime:
    return EPOCH + timedelta(milliseconds=number)
