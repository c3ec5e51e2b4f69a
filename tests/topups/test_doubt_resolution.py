from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import Account, Switch, User
from billing.balances.services import profiles
from billing.lib.reasons import Because
from billing.switches.services import clients
from billing.sync.services import mirroring
from billing.topups.models import DecisionReason, Source, TopUp, TopUpReason, TopUpState, references
from billing.topups.services import dead_senders, pay_requests
from billing.topups.services import requests as topup_requests
from billing.topups.services import sending as topup_sending
from billing.topups.services.decisions import DecisionRefused, candidates, decide
from billing.topups.services.doubt_resolution import resolve
from billing.topups.services.payment_matching import match_payments
from billing.topups.tasks import resolve_doubt, sweep_topups
from billing.vos3000 import Client
from billing.vos3000.operations.payments import pay
from simulator.process import SimulatorProcess
from tests.support.factories import AccountFactory, PaymentFactory, TopUpFactory, UserFactory
from tests.support.refusals import refused

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def once_settled() -> datetime:
    """After the settling time, when nothing can be under way any more."""
    return timezone.now() + 34 * MINUTE


@pytest.fixture
def account(switch: Switch, simulator: SimulatorProcess) -> Account:
    return profiles.ensure(switch=switch, number="C-301", now=timezone.now())


@pytest.fixture
def by() -> User:
    return UserFactory.create()


def ask(account: Account, by: User, **changes: Any) -> TopUp:
    requested = {"amount": Decimal("50"), "key": "k1", "source": Source.OPERATOR, "now": timezone.now(), **changes}
    return topup_requests.request(account=account, by=by, **requested)


@pytest.fixture
def doubtful(account: Account, by: User, simulator: SimulatorProcess) -> TopUp:
    """Sent, never answered and never done."""
    simulator.control.add_fault("Pay", "drop_before", count=1)
    topup = topup_sending.send(topup_id=ask(account, by).pk, now=timezone.now())
    assert topup.state == TopUpState.IN_DOUBT
    return topup


def state_after(topup: TopUp, now: datetime) -> TopUpState:
    resolve(switch=topup.account.switch, now=now, all_of_them=True)
    topup.refresh_from_db()
    return TopUpState(topup.state)


def looked(simulator: SimulatorProcess) -> int:
    return simulator.control.stats().requests.get("GetPayHistory", 0)


def test_one_row_with_the_reference_account_and_amount_confirms(doubtful: TopUp, simulator: SimulatorProcess) -> None:
    balance = simulator.control.pay("C-301", Decimal(50), memo=f"by hand: {doubtful.reference}.")
    assert state_after(doubtful, timezone.now()) == TopUpState.CONFIRMED
    assert doubtful.balance_after == balance
    evidence = doubtful.transitions.get(to_state="confirmed").evidence
    assert evidence["found"][0]["memo"] == f"by hand: {doubtful.reference}."


@pytest.mark.parametrize("answers_lost", [0, 1])
def test_a_payment_is_confirmed_although_the_balance_told_with_it_is_none(
    account: Account, by: User, simulator: SimulatorProcess, answers_lost: int
) -> None:
    simulator.control.set_money("C-301", Decimal("1E+15"))
    if answers_lost:
        simulator.control.add_fault("Pay", "drop_after", count=answers_lost)
    topup = topup_sending.send(topup_id=ask(account, by).pk, now=timezone.now())
    resolve(switch=account.switch, now=timezone.now(), all_of_them=True)
    topup.refresh_from_db()
    assert (topup.state, topup.balance_after) == (TopUpState.CONFIRMED, None)


@pytest.mark.parametrize(
    ("amount", "times", "memo"),
    [("50", 2, "{}"), ("50.000001", 1, "{}"), ("-50", 1, "{}"), ("50", 1, "{} TU-0123456789")],
)
def test_a_find_that_is_not_exactly_it_goes_to_review(
    doubtful: TopUp, simulator: SimulatorProcess, amount: str, times: int, memo: str
) -> None:
    for _ in range(times):
        simulator.control.pay("C-301", Decimal(amount), memo=memo.format(doubtful.reference))
    assert state_after(doubtful, timezone.now()) == TopUpState.REVIEW


@pytest.mark.parametrize("memo", ["X{}", "{}X", "{}-1", "{:.12}", "", "TU-0123456789"])
def test_a_row_without_the_exact_reference_is_not_it(doubtful: TopUp, simulator: SimulatorProcess, memo: str) -> None:
    simulator.control.pay("C-301", Decimal(50), memo=memo.format(doubtful.reference))
    assert state_after(doubtful, timezone.now()) == TopUpState.IN_DOUBT


def test_not_finding_it_ends_nothing_before_the_settling_time(doubtful: TopUp) -> None:
    now = timezone.now()
    for seconds in range(0, 29 * 60, 60):
        assert state_after(doubtful, now + timedelta(seconds=seconds)) == TopUpState.IN_DOUBT
    assert doubtful.looks == 29


def test_after_the_settling_time_and_enough_clean_looks_a_person_decides(
    doubtful: TopUp, simulator: SimulatorProcess
) -> None:
    simulator.control.pay("C-301", Decimal(50), memo="cash")
    late = timezone.now() + 31 * MINUTE
    assert [state_after(doubtful, late) for _ in range(3)] == ["in_doubt", "in_doubt", "review"]
    [candidate] = doubtful.transitions.get(to_state="review").evidence["candidates"]
    assert candidate["memo"] == "cash"


@pytest.mark.parametrize("kind", ["drop_after", "empty_after", "cut_body", "html_403", "error_500_after", "non_utf8"])
def test_a_look_that_fails_does_not_count(doubtful: TopUp, simulator: SimulatorProcess, kind: str) -> None:
    simulator.control.add_fault("GetPayHistory", kind)
    late = timezone.now() + 31 * MINUTE
    done = resolve(switch=doubtful.account.switch, now=late, all_of_them=True)
    doubtful.refresh_from_db()
    assert (done.looked_at, done.failed, doubtful.looks, doubtful.state) == (0, 1, 0, "in_doubt")


def test_a_look_at_a_history_with_a_row_that_cannot_be_read_does_not_count(
    doubtful: TopUp, simulator: SimulatorProcess
) -> None:
    """That row may be the payment."""
    simulator.control.pay("C-301", Decimal(50), memo="odd one")
    simulator.control.add_fault("GetPayHistory", "odd_row", row="odd one", field="memo", value='"caf\xe9"')
    late = timezone.now() + 31 * MINUTE
    assert {state_after(doubtful, late + number * MINUTE) for number in range(6)} == {"in_doubt"}
    assert doubtful.looks == 0


def test_looks_become_rarer_and_are_not_made_before_their_time(doubtful: TopUp, simulator: SimulatorProcess) -> None:
    switch, now, pauses = doubtful.account.switch, timezone.now(), []
    for _ in range(6):
        doubtful.refresh_from_db()
        assert doubtful.next_look_at is not None
        resolve(switch=switch, now=doubtful.next_look_at - timedelta(seconds=0.5))
        pauses.append(round((doubtful.next_look_at - now).total_seconds()))
        now = doubtful.next_look_at
        resolve(switch=switch, now=now)
    assert pauses == [5, 10, 20, 40, 60, 60]
    assert looked(simulator) == 6


def test_the_pauses_between_looks_are_settings_of_the_switch(doubtful: TopUp) -> None:
    switch = doubtful.account.switch
    switch.first_look_after, switch.look_factor = timedelta(seconds=2), 3
    switch.longest_look_pause = timedelta(seconds=30)
    assert [switch.look_pauses.pause(looks).total_seconds() for looks in (0, 1, 2, 3, 1000)] == [2, 6, 18, 30, 30]


def test_how_soon_a_failed_look_is_tried_again_is_a_setting_too(doubtful: TopUp, simulator: SimulatorProcess) -> None:
    switch = doubtful.account.switch
    switch.failed_look_pause = timedelta(seconds=77)
    switch.save()
    simulator.control.add_fault("GetPayHistory", "cut_body")
    now = timezone.now()
    resolve(switch=switch, now=now, all_of_them=True)
    doubtful.refresh_from_db()
    assert doubtful.next_look_at is not None
    assert timedelta(seconds=77) <= doubtful.next_look_at - now < timedelta(seconds=97)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Los_Angeles", "Asia/Kathmandu"])
def test_the_history_is_asked_for_in_the_switchs_zone_with_room_for_any_other_zone(
    doubtful: TopUp, simulator: SimulatorProcess, zone: str
) -> None:
    switch = doubtful.account.switch
    switch.time_zone = zone
    switch.save()
    resolve(switch=switch, now=timezone.now(), all_of_them=True)
    [request] = simulator.control.received("GetPayHistory")
    assert request.body is not None
    assert doubtful.sent_at is not None
    begin, end = (
        datetime.strptime(request.body[name], "%Y%m%d%H%M%S").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        for name in ("beginTime", "endTime")
    )
    assert timedelta(0) <= doubtful.sent_at - timedelta(hours=26) - begin < timedelta(seconds=2)
    assert end - timezone.now() > timedelta(hours=26) - 2 * MINUTE


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Los_Angeles", "Pacific/Kiritimati", "Etc/GMT+12"])
def test_a_credit_that_was_done_is_found_although_the_zone_is_set_wrong(
    account: Account, by: User, simulator: SimulatorProcess, zone: str
) -> None:
    Switch.objects.update(time_zone=zone)
    simulator.control.add_fault("Pay", "drop_after", count=1)
    topup = topup_sending.send(topup_id=ask(account, by).pk, now=timezone.now())
    topup.account.switch.refresh_from_db()
    assert state_after(topup, timezone.now()) == TopUpState.CONFIRMED


@pytest.mark.parametrize("hours", [-24, -3, 3, 24])
def test_a_credit_that_was_done_is_found_although_the_clock_of_the_switch_is_off(
    account: Account, by: User, simulator: SimulatorProcess, hours: int
) -> None:
    simulator.control.shift_clock(hours * 3600)
    simulator.control.add_fault("Pay", "drop_after", count=1)
    topup = topup_sending.send(topup_id=ask(account, by).pk, now=timezone.now())
    assert state_after(topup, timezone.now()) == TopUpState.CONFIRMED


def test_a_payment_without_a_reference_from_long_before_is_no_candidate(
    doubtful: TopUp, simulator: SimulatorProcess
) -> None:
    before = int((timezone.now() - timedelta(hours=5)).timestamp() * 1000)
    simulator.control.pay("C-301", Decimal(50), memo="cash", at=before)
    for _ in range(3):
        state_after(doubtful, timezone.now() + 31 * MINUTE)
    assert [look.candidates for look in doubtful.lookups.all()] == [[], [], []]
    assert doubtful.transitions.get(to_state="review").evidence["candidates"] == []


def test_what_carries_the_reference_stands_against_not_applied_however_the_clock_is_off(doubtful: TopUp) -> None:
    early = timezone.now() - timedelta(hours=20)
    named = PaymentFactory.create(
        account=doubtful.account, amount=doubtful.amount, memo=doubtful.reference, paid_at=early
    )
    PaymentFactory.create(account=doubtful.account, amount=doubtful.amount, memo="cash", paid_at=early)
    assert list(candidates(doubtful)) == [named]


def test_many_in_doubt_on_one_account_are_settled_by_one_request(
    account: Account, by: User, simulator: SimulatorProcess
) -> None:
    simulator.control.add_fault("Pay", "drop_after")
    for number in range(4):  # five broken answers would open the breaker
        topup_sending.send(topup_id=ask(account, by, key=f"k{number}").pk, now=timezone.now())
    done = resolve(switch=account.switch, now=timezone.now(), all_of_them=True)
    assert (done.looked_at, done.confirmed) == (4, 4)
    assert looked(simulator) == 1


def test_a_sender_that_died_leaves_doubt_and_the_history_ends_it(
    account: Account, by: User, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    topup, now = ask(account, by), timezone.now()

    class Killed(BaseException):
        pass

    def dies_after_the_answer(client: Client, **order: Any) -> None:
        pay(client, **order)
        raise Killed

    monkeypatch.setattr(pay_requests, "pay", dies_after_the_answer)
    with pytest.raises(Killed):
        topup_sending.send(topup_id=topup.pk, now=now)
    monkeypatch.undo()
    topup.refresh_from_db()
    assert topup.state == TopUpState.SENDING
    dead_senders.sweep(now=now + timedelta(seconds=59))
    topup_sending.send(topup_id=topup.pk, now=now + MINUTE)
    topup.refresh_from_db()
    assert topup.state == TopUpState.SENDING
    dead_senders.sweep(now=now + 2 * MINUTE)
    assert state_after(topup, now + 2 * MINUTE) == TopUpState.CONFIRMED
    assert len(simulator.control.received("Pay")) == 1


def test_an_answer_that_comes_after_the_sweep_gave_up_still_confirms(
    account: Account, by: User, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    topup, now = ask(account, by), timezone.now()

    def slowly(client: Client, **order: Any) -> object:
        paid = pay(client, **order)
        dead_senders.doubt_dead_senders(now=now + 2 * MINUTE)
        return paid

    monkeypatch.setattr(pay_requests, "pay", slowly)
    assert topup_sending.send(topup_id=topup.pk, now=now).state == TopUpState.CONFIRMED
    assert list(topup.transitions.values_list("to_state", flat=True))[-2:] == ["in_doubt", "confirmed"]


def test_an_unexpected_error_while_sending_is_doubt(
    account: Account, by: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(pay_requests, "pay", breaks)
    assert topup_sending.send(topup_id=ask(account, by).pk, now=timezone.now()).state == TopUpState.IN_DOUBT


def test_settings_that_cannot_be_used_send_nothing(account: Account, by: User, simulator: SimulatorProcess) -> None:
    Switch.objects.update(extra_body_file="/nowhere/at-all.json")
    with pytest.raises(OSError, match="nowhere"):
        clients.client(Switch.objects.get())
    assert topup_sending.send(topup_id=ask(account, by).pk, now=timezone.now()).state == TopUpState.REQUESTED
    assert simulator.control.received("Pay") == []


def test_what_the_budget_withholds_is_sent_later(account: Account, by: User, simulator: SimulatorProcess) -> None:
    Switch.objects.update(requests_per_second=Decimal("0.01"))
    now = timezone.now()
    sent, withheld = (topup_sending.send(topup_id=ask(account, by, key=key).pk, now=now) for key in ("k1", "k2"))
    assert (sent.state, withheld.state) == (TopUpState.CONFIRMED, TopUpState.REQUESTED)
    Switch.objects.update(requests_per_second=1000)
    dead_senders.sweep(now=withheld.next_attempt_at)
    withheld.refresh_from_db()
    assert withheld.state == TopUpState.CONFIRMED
    assert len(simulator.control.received("Pay")) == 2


def test_what_was_not_sent_in_time_is_refused_unsent(account: Account, by: User, simulator: SimulatorProcess) -> None:
    first, second = (ask(account, by, key=key) for key in ("k1", "k2"))
    late = timezone.now() + 11 * MINUTE
    assert topup_sending.send(topup_id=first.pk, now=late).state == TopUpState.REFUSED
    assert dead_senders.sweep(now=late).expired == 1
    second.refresh_from_db()
    assert second.state == TopUpState.REFUSED
    assert simulator.control.received("Pay") == []


def test_many_that_wait_for_a_dead_switch_keep_no_other_switchs_waiting(
    account: Account, by: User, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_senders, "MOST_AT_ONCE", 2)
    now, dead = timezone.now(), AccountFactory.create()
    for _ in range(3):
        TopUpFactory.create(account=dead, next_attempt_at=now - 60 * MINUTE, deadline=now + timedelta(days=3650))
    topup = ask(account, by, now=now - MINUTE)
    dead_senders.sweep(now=now)
    topup.refresh_from_db()
    assert topup.state == TopUpState.CONFIRMED


def test_the_tasks_settle_what_was_left_behind(account: Account, by: User) -> None:
    topup = ask(account, by, now=timezone.now() - timedelta(seconds=30))
    sweep_topups()
    resolve_doubt(account.switch.pk)
    topup.refresh_from_db()
    assert topup.state == TopUpState.CONFIRMED


def test_a_reference_is_a_word_of_its_own() -> None:
    assert references("a TU-0123456789, and (TU-ABCDEFGHJK)") == ["TU-0123456789", "TU-ABCDEFGHJK"]
    assert references("TU-012345678 TU-01234567890 xTU-0123456789 TU-0123456789_ TU-ILOU234567") == []


def test_a_payment_is_tied_once_and_only_to_its_own_confirmed_top_up(account: Account) -> None:
    now = timezone.now()
    confirmed = TopUpFactory.create(account=account, state="confirmed", settled_at=now)
    waiting = TopUpFactory.create(account=account)
    first = PaymentFactory.create(account=account, amount=50, memo=confirmed.reference)
    for other in (confirmed.reference, waiting.reference, f"{confirmed.reference} {waiting.reference}", "TU-none"):
        PaymentFactory.create(account=account, amount=50, memo=other, paid_at=now)
    PaymentFactory.create(account=AccountFactory.create(), amount=50, memo=confirmed.reference)
    assert (match_payments(account=account), match_payments(account=account)) == (1, 0)
    confirmed.refresh_from_db()
    assert confirmed.payment == first


@pytest.fixture
def in_review(doubtful: TopUp) -> TopUp:
    for _ in range(3):
        state_after(doubtful, timezone.now() + 31 * MINUTE)
    assert doubtful.state == TopUpState.REVIEW
    return doubtful


@pytest.fixture
def staff() -> User:
    user = UserFactory.create(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="change_topup"))
    return User.objects.get(pk=user.pk)


def test_a_person_decides_with_a_reason(in_review: TopUp, staff: User) -> None:
    decide(
        topup=in_review,
        verdict=TopUpState.NOT_APPLIED,
        by=staff,
        why="Not on the switch",
        now=timezone.now() + 34 * MINUTE,
    )
    assert in_review.state == TopUpState.NOT_APPLIED
    last = in_review.transitions.last()
    assert last is not None
    assert (last.by, last.why) == (staff, Because(TopUpReason.DECIDED, {"why": "Not on the switch"}))
    assert str(last.why) == "Not on the switch"
    assert in_review.why is None  # what staff write is not the customer's to read
    with pytest.raises(DecisionRefused):
        decide(topup=in_review, verdict=TopUpState.CONFIRMED, by=staff, why="Changed my mind", now=timezone.now())


def test_staff_without_permission_do_not_decide(in_review: TopUp) -> None:
    stranger = UserFactory.create(is_staff=True)
    with pytest.raises(PermissionDenied):
        decide(topup=in_review, verdict=TopUpState.CONFIRMED, by=stranger, why="Because", now=timezone.now())


@pytest.mark.parametrize(("verdict", "why"), [("confirmed", " "), ("refused", "Because"), ("in_doubt", "Because")])
def test_a_decision_needs_a_reason_and_a_listed_end(in_review: TopUp, staff: User, verdict: str, why: str) -> None:
    with pytest.raises(DecisionRefused):
        decide(topup=in_review, verdict=TopUpState(verdict), by=staff, why=why, now=timezone.now())


def test_confirming_names_the_payment_where_there_is_one_that_it_could_be(
    in_review: TopUp, staff: User, simulator: SimulatorProcess
) -> None:
    simulator.control.pay("C-301", Decimal(50), memo="cash")
    mirroring.mirror(account=in_review.account, now=timezone.now() + MINUTE)
    with refused(DecisionRefused, DecisionReason.PAYMENT_MISSING):
        decide(topup=in_review, verdict=TopUpState.CONFIRMED, by=staff, why="Seen", now=timezone.now())
    payment = candidates(in_review).get()
    decide(topup=in_review, verdict=TopUpState.CONFIRMED, by=staff, why="Seen", now=timezone.now(), payment=payment)
    assert (in_review.payment, in_review.balance_after) == (payment, payment.balance_after)


@pytest.mark.parametrize("is_mirrored", [True, False])
def test_what_the_switch_lists_under_the_reference_cannot_be_called_not_applied(
    in_review: TopUp, staff: User, simulator: SimulatorProcess, is_mirrored: bool
) -> None:
    simulator.control.pay("C-301", Decimal(50), memo=in_review.reference)
    if is_mirrored:
        mirroring.mirror(account=in_review.account, now=timezone.now() + MINUTE)
    with refused(DecisionRefused, DecisionReason.LISTED):
        decide(
            topup=in_review, verdict=TopUpState.NOT_APPLIED, by=staff, why="Not seen", now=timezone.now() + 34 * MINUTE
        )
