"""The budget of a switch and its breakers, shared by all processes."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
import redis
from pytest_django import Settings

from billing.lib.redis import connection
from billing.switches.services.budget import FAILURES_TO_OPEN, SwitchAdmission, Work
from billing.vos3000 import Withheld


def admission(*, per_second: str = "1", switch_id: int = 1, work: Work = Work.PEOPLE) -> SwitchAdmission:
    return SwitchAdmission(redis=connection(), switch_id=switch_id, requests_per_second=Decimal(per_second), work=work)


def admitted(admissions: list[SwitchAdmission], times: int) -> int:
    count = 0
    for n in range(times):
        try:
            admissions[n % len(admissions)].admit("GetCustomer")
        except Withheld:
            continue
        count += 1
    return count


def test_a_burst_of_four_seconds_goes_through_and_then_the_budget_holds() -> None:
    assert admitted([admission(per_second="2")], 50) in (8, 9)


def test_all_processes_share_one_budget() -> None:
    admissions = [admission(per_second="2") for _ in range(5)]
    counts: list[int] = []
    threads = [threading.Thread(target=lambda g=g: counts.append(admitted([g], 20))) for g in admissions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) in (8, 9)


def test_each_switch_has_its_own_budget() -> None:
    assert admitted([admission(switch_id=1)], 20) in (4, 5)
    assert admitted([admission(switch_id=2)], 20) in (4, 5)


def test_a_dead_switch_is_left_alone_after_some_failures() -> None:
    one, other = admission(per_second="100"), admission(per_second="100")
    for _ in range(FAILURES_TO_OPEN):
        one.admit("GetCustomer")
        one.failed()
    with pytest.raises(Withheld, match="left alone"):
        other.admit("GetCustomer")


def test_failures_with_successes_between_them_do_not_open_the_breaker() -> None:
    one = admission(per_second="100")
    for _ in range(3 * FAILURES_TO_OPEN):
        one.admit("GetCustomer")
        one.failed()
        one.succeeded("GetCustomer")
    one.admit("GetCustomer")


def test_after_the_pause_a_single_request_tries_and_its_success_closes_the_breaker(own_redis: str) -> None:
    one, other = admission(per_second="100"), admission(per_second="100")
    for _ in range(FAILURES_TO_OPEN):
        one.failed()
    with redis.Redis.from_url(own_redis) as client:
        client.set("switch:1:breaker", "1.0")  # a pause that has long passed
    one.admit("GetCustomer")
    with pytest.raises(Withheld):
        other.admit("GetCustomer")
    one.succeeded("GetCustomer")
    other.admit("GetCustomer")


def test_answers_that_cannot_be_read_keep_back_that_operation_alone() -> None:
    one, other = admission(per_second="100"), admission(per_second="100")
    for _ in range(FAILURES_TO_OPEN):
        one.admit("GetCdr")
        one.unreadable_answer("GetCdr")
    for operation in ("Pay", "GetAllCustomers"):
        other.admit(operation)
    with pytest.raises(Withheld, match="could not be read"):
        other.admit("GetCdr")


def test_one_answer_that_can_be_read_has_an_operation_asked_for_again() -> None:
    one = admission(per_second="100")
    for _ in range(FAILURES_TO_OPEN):
        one.unreadable_answer("GetCdr")
    one.succeeded("GetAllCustomers")
    with pytest.raises(Withheld):
        one.admit("GetCdr")
    one.succeeded("GetCdr")
    one.admit("GetCdr")


def test_a_switch_whose_answers_cannot_be_read_is_alive() -> None:
    one = admission(per_second="100")
    for _ in range(FAILURES_TO_OPEN - 1):
        one.failed()
    one.unreadable_answer("GetCdr")
    one.failed()
    one.admit("GetCdr")


def test_a_trial_that_the_budget_withholds_does_not_prolong_the_pause(own_redis: str) -> None:
    one = admission(per_second="0.25")
    one.admit("GetCustomer")
    with redis.Redis.from_url(own_redis) as client:
        client.set("switch:1:breaker", "1.0")  # a pause that has long passed
        with pytest.raises(Withheld, match="budget"):
            one.admit("GetCustomer")
        client.delete("switch:1:bucket")
    one.admit("GetCustomer")


def test_without_redis_nothing_is_withheld(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    lonely = admission(per_second="0.01")
    assert admitted([lonely], 20) == 20
    lonely.failed()
    lonely.unreadable_answer("GetCdr")
    lonely.succeeded("GetCustomer")


def test_background_work_leaves_a_part_of_the_budget_to_people() -> None:
    assert admitted([admission(per_second="2", work=Work.MONEY)], 50) in (6, 7)
    assert admitted([admission(per_second="2")], 50) in (2, 3)


def test_a_budget_too_small_to_share_is_used_by_all_who_come() -> None:
    assert admitted([admission(per_second="0.25", work=Work.BACK_FILL)], 5) == 1
