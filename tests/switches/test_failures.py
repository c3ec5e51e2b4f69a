"""Why a switch gave no answer is one code for each kind of error, which a list that is read on demand keeps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from billing.rates.models import RateGroup
from billing.switches.models import SwitchFailure
from billing.switches.services import on_demand
from billing.switches.services.failures import UNUSABLE_ANSWERS, failure, is_unusable
from billing.vos3000 import Lost, Malformed, Refused, TimedOut, UnexpectedStatus, Unreachable, Withheld
from tests.support.factories import SwitchFactory

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

ERRORS = [
    (Withheld("GetCustomer", "budget"), SwitchFailure.PAUSED),
    (Unreachable("GetCustomer", "refused"), SwitchFailure.UNREACHABLE),
    (TimedOut("GetCustomer", "late"), SwitchFailure.TOO_LATE),
    (Lost("GetCustomer", "cut"), SwitchFailure.BROKEN),
    (UnexpectedStatus("GetCustomer", 403), SwitchFailure.NOT_LET_IN),
    (UnexpectedStatus("GetCustomer", 502), SwitchFailure.ERROR),
    (Malformed("GetCustomer", "not JSON"), SwitchFailure.UNREADABLE),
    (Refused("GetCustomer", -10007, "Not found."), SwitchFailure.REFUSED),
    (FileNotFoundError("ca.pem"), SwitchFailure.SETTINGS),
    (ValueError("bad address"), SwitchFailure.SETTINGS),
]


@pytest.mark.parametrize(("error", "expected"), ERRORS)
def test_each_kind_of_error_has_its_code(error: Exception, expected: SwitchFailure) -> None:
    assert failure(error) == expected


@pytest.mark.parametrize("error", [error for error, _ in ERRORS])
def test_what_may_be_the_requests_own_fault_is_known_by_its_code_too(error: Exception) -> None:
    assert is_unusable(error) == (failure(error) in UNUSABLE_ANSWERS)


@pytest.mark.django_db
def test_a_list_keeps_the_code_of_what_failed_and_forgets_it_once_it_is_read() -> None:
    group = RateGroup.objects.create(switch=SwitchFactory.create(), name="Retail")
    assert group.why == ""
    on_demand.failed(group, TimedOut("GetFeeRate", "late"), now=NOW)
    group.refresh_from_db()
    assert (group.failure, group.why) == (SwitchFailure.TOO_LATE.value, str(SwitchFailure.TOO_LATE.label))
    on_demand.refreshed(group, now=NOW)
    group.refresh_from_db()
    assert (group.failure, group.why) == ("", "")
