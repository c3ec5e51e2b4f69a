from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.services import notices
from billing.jobs.models import JobRun
from billing.lib import redis as redis_service
from billing.lib.reasons import Because
from billing.switches.models import AnswerFault
from billing.switches.services.budget import FAILURES_TO_OPEN, SwitchAdmission
from billing.switches.services.unusable_answers import note
from billing.topups.models import StrayPayment, TopUpState
from tests.support.factories import (
    NOON,
    CardPaymentFactory,
    PaymentFactory,
    SwitchFactory,
    TopUpFactory,
    UserFactory,
)
from tests.support.raw import as_sent

pytestmark = pytest.mark.django_db

TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture
def token(settings: Any) -> str:
    settings.METRICS_TOKEN = TOKEN
    return TOKEN


def ask(token: str = TOKEN) -> dict[str, float]:
    answer = Client(headers={"Authorization": f"Bearer {token}"}).get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    lines = [line for line in as_sent(answer.content).splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \xe9"]
)
def test_without_the_token_there_is_no_such_page(token: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    assert Client(headers=headers).get("/metrics").status_code == 404


def test_where_no_token_is_set_no_visitor_has_it(settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    for header in ("Bearer ", "Bearer"):
        assert Client(headers={"Authorization": header}).get("/metrics").status_code == 404


def test_it_tells_of_money_mails_and_jobs(token: str) -> None:
    now = timezone.now()
    TopUpFactory.create(state=TopUpState.REQUESTED)
    TopUpFactory.create(state=TopUpState.IN_DOUBT, requested_at=now - timedelta(hours=2))
    CardPaymentFactory.create(state="paid", paid_at=NOON)
    StrayPayment.objects.create(payment=PaymentFactory.create(), reference="TU-0123456789")
    notices.factors_forgotten(UserFactory.create(), now=now)
    for minutes, succeeded in ((50, True), (10, False)):
        at = now - timedelta(minutes=minutes)
        JobRun.objects.create(job='calls:"main"', slot=at, started_at=at, succeeded=succeeded)
    found = ask()
    states = {
        name: found[f'portal_topups{{state="{name}"}}'] for name in ("requested", "sending", "in_doubt", "review")
    }
    assert states == {"requested": 1, "sending": 0, "in_doubt": 1, "review": 0}
    assert 7200 <= found["portal_doubt_age_seconds"] < 7300
    assert found["portal_card_payments_owed"] == 1
    assert found["portal_stray_payments"] == 1
    assert found['portal_mails_waiting{kind="notice"}'] == 1
    assert 3000 <= found['portal_job_success_age_seconds{job="calls:\\"main\\""}'] < 3100


def test_it_tells_of_queues_and_of_switches_that_are_left_alone(token: str) -> None:
    quiet, lively = SwitchFactory.create(), SwitchFactory.create()
    redis = redis_service.connection()
    door = SwitchAdmission(redis=redis, switch_id=quiet.pk, requests_per_second=quiet.requests_per_second)
    for _ in range(FAILURES_TO_OPEN):
        door.failed()
    waiting = redis.llen("money")
    redis.lpush("money", "x")
    found = ask()
    redis.lpop("money")
    assert found['portal_queue_length{queue="money"}'] == waiting + 1
    assert found[f'portal_switch_left_alone{{switch="{quiet.name}"}}'] == 1
    assert found[f'portal_switch_left_alone{{switch="{lively.name}"}}'] == 0
    assert found["portal_redis_up"] == 1


def test_without_redis_it_says_so_and_tells_the_rest(token: str, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    found = ask()
    assert found["portal_redis_up"] == 0
    assert 'portal_topups{state="review"}' in found
    assert not any(name.startswith("portal_queue") for name in found)


def test_it_tells_of_how_many_accounts_an_answer_cannot_be_used(token: str) -> None:
    switch = SwitchFactory.create()
    why = {number: Because(AnswerFault.NOT_A_ROW) for number in ("A-1", "A-2")}
    note(switch=switch, operation="GetCustomer", failed=why, now=NOON)
    assert ask()['portal_unusable_answers{operation="GetCustomer"}'] == 2
