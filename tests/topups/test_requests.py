from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from celery import Celery
from django.db import DatabaseError, connection, transaction

from accounts.models import Account, User
from billing.lib.reasons import Money
from billing.topups.models import Kind, RequestReason, Source, TopUp, TopUpState, Transition
from billing.topups.services import requests as topup_requests
from billing.topups.services.errors import AccountMissing, AmountRefused, KeyReused, KeyUnfit, LimitExceeded, NoteUnfit
from portal.celery import app
from tests.support.factories import NOON, AccountFactory, TopUpFactory, UserFactory
from tests.support.refusals import refused

pytestmark = pytest.mark.django_db


def ask(account: Account, by: User, **changes: Any) -> TopUp:
    requested = {"amount": Decimal("50"), "key": "k1", "source": Source.OPERATOR, "now": NOON, **changes}
    return topup_requests.request(account=account, by=by, besides_unsettled=True, **requested)


@pytest.fixture
def account() -> Account:
    return AccountFactory.create()


@pytest.fixture
def by() -> User:
    return UserFactory.create()


def test_a_wish_is_written_with_its_first_transition(account: Account, by: User) -> None:
    topup = ask(account, by, note="Invoice 7")
    assert (topup.state, topup.amount, topup.note) == (TopUpState.REQUESTED, Decimal("50"), "Invoice 7")
    assert topup.deadline == NOON + account.switch.sending_deadline
    [first] = topup.transitions.all()
    assert (first.from_state, first.to_state, first.by, first.at) == ("", "requested", by, NOON)


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "sNaN", "Infinity", "0.0000001", "1234567890.123456"])
def test_an_amount_that_may_not_be_paid_writes_nothing(account: Account, by: User, amount: str) -> None:
    with pytest.raises(AmountRefused) as refused:
        ask(account, by, amount=Decimal(amount))
    assert refused.value.field == "amount"
    assert not TopUp.objects.exists()


def test_the_largest_amount_passes_and_more_does_not(account: Account, by: User) -> None:
    assert ask(account, by, amount=Decimal("10000"))
    with refused(LimitExceeded, RequestReason.TOPUP_LIMIT, most=Money(Decimal(10000), "USD")):
        ask(account, by, amount=Decimal("10000.000001"), key="k2")


def test_an_account_that_the_switch_no_longer_knows_is_not_topped_up(by: User) -> None:
    with pytest.raises(AccountMissing):
        ask(AccountFactory.create(missing_since=NOON), by)


@pytest.mark.parametrize("key", ["", "x" * 65, "a\0b", "a\nb"])
def test_an_unfit_key_is_refused(account: Account, by: User, key: str) -> None:
    with pytest.raises(KeyUnfit):
        ask(account, by, key=key)


@pytest.mark.parametrize("note", ["x" * 201, "a\0b", "two\nlines"])
def test_an_unfit_note_is_refused(account: Account, by: User, note: str) -> None:
    with pytest.raises(NoteUnfit):
        ask(account, by, note=note)


def test_the_same_key_and_body_give_the_same_top_up(account: Account, by: User) -> None:
    first = ask(account, by)
    later = ask(account, by, amount=Decimal("50.000"), now=NOON + timedelta(days=1))
    assert later == first
    assert Transition.objects.count() == 1


def test_the_same_key_is_another_persons_own(account: Account, by: User) -> None:
    assert ask(account, by) != ask(account, UserFactory.create())


@pytest.mark.parametrize("change", [{"amount": Decimal("51")}, {"note": "another"}])
def test_the_same_key_with_another_body_is_refused(account: Account, by: User, change: dict[str, Any]) -> None:
    ask(account, by)
    with pytest.raises(KeyReused):
        ask(account, by, **change)
    assert TopUp.objects.count() == 1


def test_the_same_key_for_another_account_is_refused(account: Account, by: User) -> None:
    ask(account, by)
    with pytest.raises(KeyReused):
        ask(AccountFactory.create(switch=account.switch), by)


@pytest.mark.django_db(transaction=True)
def test_sixty_four_simultaneous_wishes_under_one_key_are_one_top_up(account: Account, by: User) -> None:
    def request(_: int) -> int:
        try:
            return ask(account, by).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as threads:
        answers = set(threads.map(request, range(64)))
    assert answers == {TopUp.objects.get().pk}
    assert Transition.objects.count() == 1


def refused_by_the_database(change: str, topup: TopUp, **values: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change, {"id": topup.pk, **values})
    except DatabaseError:
        return True
    return False


@pytest.mark.parametrize("to", ["confirmed", "in_doubt", "review", "not_applied", "nonsense"])
def test_the_database_refuses_an_edge_that_is_not_listed(to: str) -> None:
    change = "UPDATE topups_topup SET state = %(to)s WHERE id = %(id)s"
    assert refused_by_the_database(change, TopUpFactory.create(), to=to)


@pytest.mark.parametrize("end", ["confirmed", "refused", "not_applied"])
def test_the_database_lets_nothing_leave_an_end(end: str) -> None:
    topup = TopUpFactory.create(state=end, settled_at=NOON)
    for state in set(TopUpState.values) - {end}:
        change = "UPDATE topups_topup SET state = %(to)s, settled_at = NULL WHERE id = %(id)s"
        assert refused_by_the_database(change, topup, to=state)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM topups_topup WHERE id = %(id)s",
        "UPDATE topups_topup SET amount = amount + 1 WHERE id = %(id)s",
        "UPDATE topups_topup SET reference = 'TU-0000000000' WHERE id = %(id)s",
        "UPDATE topups_topup SET key = 'other' WHERE id = %(id)s",
        "UPDATE topups_topup SET payer_id = account_id WHERE id = %(id)s",
        "UPDATE topups_topup SET kind = 'debit' WHERE id = %(id)s",
        "UPDATE topups_transition SET why = 'otherwise' WHERE topup_id = %(id)s",
        "DELETE FROM topups_transition WHERE topup_id = %(id)s",
    ],
)
def test_the_database_keeps_wishes_and_transitions_as_they_are(account: Account, by: User, change: str) -> None:
    assert refused_by_the_database(change, ask(account, by))


def test_the_database_knows_the_sign_of_each_kind(account: Account) -> None:
    for kind, amount in ((Kind.CREDIT, -1), (Kind.DEBIT, 1)):
        with pytest.raises(DatabaseError), transaction.atomic():
            TopUpFactory.create(account=account, kind=kind, amount=amount)


def test_without_a_broker_the_wish_stands_and_waits_for_the_sweep(
    account: Account, by: User, django_capture_on_commit_callbacks: Any
) -> None:
    lonely = Celery("nobody listens", broker="redis://127.0.0.1:1/0")
    lonely.conf.broker_transport_options = app.conf.broker_transport_options
    lonely.set_current()
    try:
        with django_capture_on_commit_callbacks(execute=True) as handed_over:
            topup = ask(account, by)
    finally:
        app.set_current()
    assert len(handed_over) == 1
    assert TopUp.objects.get().pk == topup.pk
