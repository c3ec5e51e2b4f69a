from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import JSONField, Value
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, AuditAction, AuditEntry, Role, Switch, User
from billing.balances.services import balances, profiles
from billing.batches.models import Batch, BatchReason, BatchRow, BatchState, FileReason, RowReason
from billing.batches.queries import RowOutcome, progress, rows
from billing.batches.services import batches
from billing.batches.services import worker as batch_worker
from billing.batches.services.batches import BatchRefused
from billing.batches.services.encodings import UnreadableFile
from billing.lib.amounts import AmountReason
from billing.lib.reasons import Because, Money
from billing.topups.models import Kind, ReceiptMail, RequestReason, TopUp, TopUpReason, TopUpState, TransferReason
from billing.topups.queries.unsettled import reason
from billing.topups.services import dead_senders
from billing.topups.services import sending as topup_sending
from billing.topups.services import states as topup_states
from billing.vos3000 import Client
from billing.vos3000.operations.customers import Customer, get_customers
from simulator.process import SimulatorProcess
from tests.support.factories import AccountFactory, MembershipFactory, TopUpFactory, UserFactory
from tests.support.refusals import refused

pytestmark = pytest.mark.django_db

AGENT = "R-100"
FILE = "account,amount,note\nA-20417,10.00,Invoice 1\nA-20418,20.50,Invoice 2\nA-20419,5,\n"


@pytest.fixture
def agent(switch: Switch, simulator: SimulatorProcess) -> Account:
    simulator.control.set_money(AGENT, Decimal(1000))
    agent = profiles.ensure(switch=switch, number=AGENT, now=timezone.now())
    for number in ("A-20417", "A-20418", "A-20419"):
        profiles.ensure(switch=switch, number=number, now=timezone.now())
    return agent


@pytest.fixture
def by(agent: Account) -> User:
    return MembershipFactory.create(account=agent, role=Role.OWNER).user


def upload(agent: Account, by: User, text: str = FILE, **changes: Any) -> Batch:
    requested = {"file_name": "november.csv", "content": text.encode(), "now": timezone.now(), **changes}
    return batches.upload(agent=agent, by=by, **requested).batch


def confirm(batch: Batch, by: User, **changes: Any) -> Batch:
    return batches.confirm(batch=batch, by=by, **{"key": batch.key, "sure": False, "now": timezone.now(), **changes})


def carry_out(batch: Batch) -> None:
    """As the workers do."""
    while Batch.objects.get(pk=batch.pk).state == BatchState.CONFIRMED:
        batch_worker.carry_on(batch_id=batch.pk, now=timezone.now())
    for topup in TopUp.objects.filter(kind=Kind.CREDIT, state=TopUpState.REQUESTED).order_by("pk"):
        topup_sending.carry_out(topup_id=topup.pk, now=timezone.now())


def outcomes(batch: Batch) -> list[RowOutcome]:
    return [row.outcome for row in rows(batch=Batch.objects.get(pk=batch.pk))]


def problems(batch: Batch) -> list[Because | None]:
    return list(batch.rows.values_list("problem", flat=True))


def paid(simulator: SimulatorProcess) -> list[tuple[str, Decimal]]:
    bodies = [request.body or {} for request in simulator.control.received("Pay")]
    return [(body["ownerName"], Decimal(str(body["money"]))) for body in bodies]


def test_a_file_is_checked_and_nothing_is_sent(simulator: SimulatorProcess, agent: Account, by: User) -> None:
    batch = upload(agent, by)
    assert [
        (row.line, row.account.number if row.account else "", row.amount, row.note) for row in batch.rows.all()
    ] == [
        (2, "A-20417", Decimal(10), "Invoice 1"),
        (3, "A-20418", Decimal("20.50"), "Invoice 2"),
        (4, "A-20419", Decimal(5), ""),
    ]
    assert problems(batch) == [None, None, None]
    assert (progress(batch).payable.count, progress(batch).payable.amount) == (3, Decimal("35.50"))
    batch_worker.sweep(now=timezone.now() + timedelta(hours=1))
    assert not TopUp.objects.exists()
    assert paid(simulator) == []


def test_a_confirmed_batch_pays_each_row_once_by_transfers(
    simulator: SimulatorProcess, agent: Account, by: User
) -> None:
    batch = confirm(upload(agent, by), by)
    carry_out(batch)
    carry_out(batch)
    assert paid(simulator) == [
        (AGENT, Decimal(-10)),
        ("A-20417", Decimal(10)),
        (AGENT, Decimal("-20.5")),
        ("A-20418", Decimal("20.5")),
        (AGENT, Decimal(-5)),
        ("A-20419", Decimal(5)),
    ]
    assert outcomes(batch) == [RowOutcome.PAID] * 3
    topups = TopUp.objects.filter(kind=Kind.CREDIT).order_by("pk")
    assert [credit.note for credit in topups] == ["Invoice 1", "Invoice 2", ""]
    assert {credit.requested_by for credit in topups} == {by}
    assert progress(Batch.objects.get(pk=batch.pk)).is_final


def test_each_line_says_what_is_wrong_with_it(agent: Account, by: User) -> None:
    AccountFactory.create(switch=agent.switch, number="A-OTHER")
    Account.objects.filter(number="A-20419").update(missing_since=timezone.now())
    text = "\n".join(
        [
            "account;amount;note",
            "A-20417;10;fine",
            "A-NOBODY;10;",
            "A-OTHER;10;",
            f"{AGENT};10;",
            "A-20419;10;",
            ";10;",
            "A-20418;;",
            "A-20418;-1;",
            "A-20418;1,234;",
            "A-20418;10000.01;",
            "A-20418;10;" + "x" * 201,
            'A-20418;10;"two\nlines"',
            "A-20418;10;x;y",
        ]
    )
    assert problems(upload(agent, by, text)) == [
        None,
        *(Because(RowReason.NO_CUSTOMER, {"account": number}) for number in ("A-NOBODY", "A-OTHER", AGENT)),
        Because(RequestReason.ACCOUNT_GONE, {"account": "A-20419"}),
        Because(RowReason.NO_ACCOUNT),
        Because(AmountReason.MISSING),
        Because(AmountReason.NOT_POSITIVE),
        Because(AmountReason.TWO_WAYS, {"written": "1,234", "whole": "1234", "decimal": "1.234"}),
        Because(RequestReason.TOPUP_LIMIT, {"most": Money(Decimal(10000), "USD")}),
        Because(RowReason.TOO_LONG, {"account": 100, "note": 200}),
        Because(RowReason.NOT_PRINTABLE),
        Because(RowReason.TOO_MANY_COLUMNS),
    ]


def test_an_account_that_stands_twice_is_marked_and_has_to_be_meant(
    simulator: SimulatorProcess, agent: Account, by: User
) -> None:
    batch = upload(agent, by, "A-20417;10\nA-20418;10\nA-20417;10\n")
    assert [row.warning for row in batch.rows.all()] == [
        Because(RowReason.IN_OTHER_LINES, {"lines": "3"}),
        None,
        Because(RowReason.IN_OTHER_LINES, {"lines": "1"}),
    ]
    with refused(BatchRefused, BatchReason.NOT_SURE):
        confirm(batch, by)
    carry_out(confirm(batch, by, sure=True))
    assert [pay for pay in paid(simulator) if pay[0] == "A-20417"] == [("A-20417", Decimal(10))] * 2


def test_a_line_that_may_be_paid_twice_in_two_ways_is_marked_for_both(agent: Account, by: User) -> None:
    topup = TopUpFactory.create(
        account=Account.objects.get(number="A-20417"),
        amount=Decimal(10),
        requested_at=timezone.now(),
        state=TopUpState.CONFIRMED,
        settled_at=timezone.now(),
    )
    batch = upload(agent, by, "A-20417;10\nA-20417;11\n")
    asked_for = Because(RowReason.JUST_ASKED_FOR, {"topup": topup.reference})
    elsewhere = Because(RowReason.IN_OTHER_LINES, {"lines": "2"})
    both, other = (row.warning for row in batch.rows.all())
    assert both == Because(RowReason.BOTH, {"first": asked_for, "second": elsewhere})
    assert str(both) == f"{asked_for} {elsewhere}"
    assert other == Because(RowReason.IN_OTHER_LINES, {"lines": "1"})


def test_an_account_in_very_many_lines_is_not_listed_with_all_of_them(agent: Account, by: User) -> None:
    first = upload(agent, by, "".join(f"A-20417;{number}\n" for number in range(1, 9))).rows.get(line=1)
    assert first.warning == Because(RowReason.IN_MANY_LINES, {"lines": "2, 3, 4, 5, 6"})


@pytest.mark.parametrize(
    "same",
    [
        FILE,
        FILE.replace("\n", "\r\n"),
        "\ufeff" + FILE,
        FILE.replace(",", ";"),
        FILE.replace("10.00", "10").replace("20.50", "20.5").replace(",5,", ",5.00,"),
        FILE.replace(",", ";").replace("10.00", "$ 10,00").replace("20.50", '"20,5 USD"'),
        FILE.replace("10.00", '"10.0"').replace("\n", "\r\n\r\n"),
        "amount,note,account\n5,,A-20419\n10.00,Invoice 1,A-20417\n20.50,Invoice 2,A-20418\n",
    ],
)
def test_the_same_content_gives_the_same_batch_however_it_was_saved(
    simulator: SimulatorProcess, agent: Account, by: User, same: str
) -> None:
    batch = upload(agent, by)
    carry_out(confirm(batch, by))
    second = batches.upload(
        agent=agent, by=UserFactory.create(), file_name="copy.csv", content=same.encode(), now=timezone.now()
    )
    assert (second.batch, second.is_new) == (batch, False)
    confirm(second.batch, by)
    carry_out(second.batch)
    assert len(paid(simulator)) == 6
    assert Batch.objects.count() == 1


OTHER_NOTES = FILE.replace("Invoice", "December").replace("10.00", "10")


def test_the_same_payments_with_other_notes_have_to_be_meant(
    simulator: SimulatorProcess, agent: Account, by: User
) -> None:
    # The warning of a single line has long ended when next month's list comes.
    Switch.objects.update(warn_within=timedelta(0))
    first, second = upload(agent, by), upload(agent, by, OTHER_NOTES)
    assert (first != second, batches.earlier(batch=first), batches.earlier(batch=second)) == (True, None, None)
    seen = second.key
    carry_out(confirm(first, by))
    assert batches.earlier(batch=second) == first
    # What was on the page before the first one was confirmed is void, even with a tick.
    with refused(BatchRefused, BatchReason.CHECKED_AGAIN):
        confirm(second, by, key=seen, sure=True)
    second.refresh_from_db()
    with refused(BatchRefused, BatchReason.NOT_SURE):
        confirm(second, by)
    assert len(paid(simulator)) == 6
    carry_out(confirm(second, by, sure=True))
    assert len(paid(simulator)) == 12
    assert TopUp.objects.filter(note="December 1", state=TopUpState.CONFIRMED).exists()


def test_a_payment_more_or_less_makes_another_list(agent: Account, by: User) -> None:
    first = confirm(upload(agent, by), by)
    assert batches.earlier(batch=upload(agent, by, FILE + "A-20419,5,\n")) is None
    assert batches.earlier(batch=upload(agent, by, FILE.replace("20.50", "20.51"))) is None
    assert batches.earlier(batch=upload(agent, by, FILE.replace("Invoice 2", "x"))) == first


def test_a_line_that_was_unclear_and_is_written_clearly_makes_another_list(agent: Account, by: User) -> None:
    unclear = upload(agent, by, "A-20417,1,234.50\n")
    clear = upload(agent, by, "A-20417,1.00,234.50\n")
    assert (unclear != clear, len(problems(unclear)), problems(clear)) == (True, 1, [None])


def test_the_same_content_of_another_agent_is_another_batch(agent: Account, by: User) -> None:
    other = AccountFactory.create(switch=agent.switch, is_agent=True)
    assert upload(agent, by) != upload(other, by)


def test_the_same_file_is_checked_again_while_it_is_not_confirmed(agent: Account, by: User) -> None:
    seen = upload(agent, by, "A-LATE;10\n")
    assert problems(seen) == [Because(RowReason.NO_CUSTOMER, {"account": "A-LATE"})]
    with refused(BatchRefused, BatchReason.NOTHING_TO_PAY):
        confirm(seen, by)
    AccountFactory.create(switch=agent.switch, number="A-LATE", parent=agent)
    assert problems(upload(agent, by, "A-LATE;10\n")) == [None]
    with refused(BatchRefused, BatchReason.CHECKED_AGAIN):
        confirm(seen, by)


def test_what_changed_since_it_was_seen_has_to_be_seen_before_it_is_paid(agent: Account, by: User) -> None:
    seen = upload(agent, by)
    Account.objects.filter(number="A-20419").update(missing_since=timezone.now())
    for _ in range(2):
        with refused(BatchRefused, BatchReason.CHECKED_AGAIN):
            confirm(seen, by, sure=True)
    now = Batch.objects.get()
    assert problems(now)[2] == Because(RequestReason.ACCOUNT_GONE, {"account": "A-20419"})
    assert confirm(now, by).state == BatchState.CONFIRMED


def test_what_was_asked_for_just_now_is_marked_also_when_that_was_after_the_check(agent: Account, by: User) -> None:
    seen = upload(agent, by)
    child = Account.objects.get(number="A-20417")
    duplicate = TopUpFactory.create(account=child, amount=Decimal(10), requested_at=timezone.now())
    TopUpFactory.create(account=child, amount=Decimal(11), requested_at=timezone.now())
    TopUpFactory.create(account=child, amount=Decimal(5), requested_at=timezone.now() - timedelta(minutes=11))
    with refused(BatchRefused, BatchReason.CHECKED_AGAIN):
        confirm(seen, by)
    marked = Batch.objects.get()
    asked_for = Because(RowReason.JUST_ASKED_FOR, {"topup": duplicate.reference})
    assert [row.warning for row in marked.rows.all()] == [asked_for, None, None]
    with refused(BatchRefused, BatchReason.NOT_SURE):
        confirm(marked, by)
    assert confirm(marked, by, sure=True).state == BatchState.CONFIRMED


def test_what_may_yet_arrive_is_marked_in_its_row_of_whatever_amount_and_age(agent: Account, by: User) -> None:
    child = Account.objects.get(number="A-20417")
    asked_at = timezone.now() - timedelta(days=40)
    coming = TopUpFactory.create(account=child, amount=Decimal(77), requested_at=asked_at, state=TopUpState.IN_DOUBT)
    batch = upload(agent, by)
    assert [row.warning for row in batch.rows.all()] == [reason(coming), None, None]
    with refused(BatchRefused, BatchReason.NOT_SURE):
        confirm(batch, by)
    confirm(batch, by, sure=True)
    batch_worker.carry_on(batch_id=batch.pk, now=timezone.now())
    assert all(row.topup for row in batch.rows.all())


def test_what_came_into_doubt_after_the_confirmation_is_not_sent_besides(agent: Account, by: User) -> None:
    batch = upload(agent, by)
    confirm(batch, by)
    child = Account.objects.get(number="A-20418")
    coming = TopUpFactory.create(account=child, amount=Decimal(77), state=TopUpState.IN_DOUBT)
    batch_worker.carry_on(batch_id=batch.pk, now=timezone.now())
    assert [row.problem for row in batch.rows.all()] == [None, reason(coming), None]
    assert not TopUp.objects.filter(account=child).exclude(pk=coming.pk).exists()


def test_more_than_a_person_may_top_up_today_has_to_be_meant_and_ends_in_refusals(agent: Account, by: User) -> None:
    Switch.objects.update(daily_limit_per_user=Decimal(30))
    agent.switch.refresh_from_db()
    batch = upload(agent, by)
    with refused(BatchRefused, BatchReason.NOT_SURE):
        confirm(batch, by)
    carry_out(confirm(batch, by, sure=True))
    assert outcomes(batch) == [RowOutcome.PAID, RowOutcome.UNPAID, RowOutcome.PAID]
    assert problems(batch)[1] == Because(RequestReason.PERSON_LIMIT_OF, {"person": by.get_full_name()})


def test_a_longer_file_is_checked_by_no_more_questions_to_the_database(
    agent: Account, by: User, django_assert_max_num_queries: Any
) -> None:
    Switch.objects.update(daily_limit_per_user=100, daily_limit_per_account=100)
    agent.refresh_from_db()
    lines = ["A-20417;1\n", "A-20418;2\n", "A-20419;3\n"]
    with CaptureQueriesContext(connection) as short:
        upload(agent, by, lines[0])
    with django_assert_max_num_queries(len(short)):
        upload(agent, by, "".join(lines))


def test_the_trail_says_who_uploaded_confirmed_and_stopped(agent: Account, by: User) -> None:
    batch = confirm(upload(agent, by), by)
    batches.stop(batch=batch, by=by, now=timezone.now())
    entries = AuditEntry.objects.filter(subject=batch.reference).order_by("pk")
    assert [(entry.action, entry.user, entry.account) for entry in entries] == [
        (action, by, agent) for action in (AuditAction.ADDED, AuditAction.REQUESTED, AuditAction.CHANGED)
    ]


def test_more_than_the_balance_has_to_be_meant_and_ends_in_whole_refusals(
    simulator: SimulatorProcess, agent: Account, by: User
) -> None:
    agent.refresh_from_db()
    assert agent.spendable is not None
    batch = upload(agent, by, f"A-20417;{agent.spendable - 10:f}\nA-20418;20\nA-20419;10\n")
    with refused(BatchRefused, BatchReason.NOT_SURE):
        confirm(batch, by)
    carry_out(confirm(batch, by, sure=True))
    assert outcomes(batch) == [RowOutcome.PAID, RowOutcome.UNPAID, RowOutcome.PAID]
    assert problems(batch)[1] == Because(TransferReason.NOT_COVERED)
    assert simulator.control.account(AGENT).money + simulator.control.account(AGENT).limit_money == 0
    assert len(paid(simulator)) == 4


def test_a_row_that_the_switch_refuses_does_not_stop_the_others(
    simulator: SimulatorProcess, agent: Account, by: User
) -> None:
    simulator.control.add_fault("Pay", "listed_code", count=1, after=2)
    batch = confirm(upload(agent, by), by)
    carry_out(batch)
    assert outcomes(batch) == [RowOutcome.PAID, RowOutcome.UNPAID, RowOutcome.PAID]
    why = rows(batch=batch)[1].why
    assert why is not None
    assert why.reason == TopUpReason.NOT_DEBITED_SINCE
    assert isinstance(why.figures["why"], Because)
    assert why.figures["why"].reason == TopUpReason.REFUSED_BY_SWITCH


def test_who_pays_many_at_once_gets_mail_only_of_what_did_not_go_well(
    simulator: SimulatorProcess, agent: Account, by: User
) -> None:
    owner = MembershipFactory.create(account=Account.objects.get(number="A-20417")).user
    simulator.control.add_fault("Pay", "listed_code", count=1, after=2)
    carry_out(confirm(upload(agent, by), by))
    mails = ReceiptMail.objects.order_by("pk").values_list("to", "topup__account__number", "event")
    assert list(mails) == [(owner.pk, "A-20417", "confirmed"), (by.pk, "A-20418", "refused")]


def test_a_row_in_doubt_is_being_checked_and_is_not_tried_again(
    simulator: SimulatorProcess, agent: Account, by: User
) -> None:
    simulator.control.add_fault("Pay", "drop_before", count=1, after=2)
    batch = confirm(upload(agent, by), by)
    carry_out(batch)
    assert outcomes(batch) == [RowOutcome.PAID, RowOutcome.CHECKING, RowOutcome.PAID]
    with refused(BatchRefused, BatchReason.NOTHING_TO_TRY):
        batches.rest(batch=batch, by=by, now=timezone.now())


def test_what_was_refused_can_be_tried_again_once(simulator: SimulatorProcess, agent: Account, by: User) -> None:
    simulator.control.add_fault("Pay", "listed_code", count=1)
    batch = confirm(upload(agent, by), by)
    carry_out(batch)
    assert outcomes(batch) == [RowOutcome.UNPAID, RowOutcome.PAID, RowOutcome.PAID]
    second = batches.rest(batch=batch, by=by, now=timezone.now())
    assert batches.rest(batch=batch, by=by, now=timezone.now()) == second
    assert [(row.line, row.tries_again) for row in second.rows.all()] == [(2, batch.rows.get(line=2))]
    carry_out(confirm(second, by))
    assert outcomes(second) == [RowOutcome.PAID]
    assert simulator.control.account(AGENT).money == Decimal(1000) - Decimal("35.50")
    with refused(BatchRefused, BatchReason.NOTHING_TO_TRY):
        batches.rest(batch=second, by=by, now=timezone.now())


def test_what_a_person_found_not_applied_is_theirs_to_reissue_and_not_tried_again_here(
    simulator: SimulatorProcess, agent: Account, by: User
) -> None:
    simulator.control.add_fault("Pay", "drop_before", count=1)
    batch = confirm(upload(agent, by), by)
    carry_out(batch)
    debits = TopUp.objects.filter(kind=Kind.DEBIT, state=TopUpState.IN_DOUBT)
    for debit, to in [(debits.get(), TopUpState.REVIEW), (debits.get(), TopUpState.NOT_APPLIED)]:
        assert topup_states.move(topup=TopUp.objects.get(pk=debit.pk), to=to, now=timezone.now())
    assert outcomes(batch) == [RowOutcome.UNPAID, RowOutcome.PAID, RowOutcome.PAID]
    with refused(BatchRefused, BatchReason.NOTHING_TO_TRY):
        batches.rest(batch=batch, by=by, now=timezone.now())


def test_all_of_it_a_second_time_is_a_batch_of_its_own_to_be_confirmed(
    simulator: SimulatorProcess, agent: Account, by: User
) -> None:
    batch = confirm(upload(agent, by), by)
    with refused(BatchRefused, BatchReason.NOT_DONE):
        batches.again(batch=batch, by=by, now=timezone.now())
    carry_out(batch)
    second = batches.again(batch=batch, by=by, now=timezone.now())
    assert batches.again(batch=batch, by=by, now=timezone.now()) == second
    assert (second.follows, second.state) == (batch, BatchState.UPLOADED)
    assert len(paid(simulator)) == 6
    # The file itself leads to the latest batch of its content now.
    assert upload(agent, by) == second
    carry_out(confirm(Batch.objects.get(pk=second.pk), by, sure=True))
    assert len(paid(simulator)) == 12


def test_what_was_not_asked_for_when_a_person_stops_it_is_never_paid(
    simulator: SimulatorProcess, agent: Account, by: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_worker, "AT_ONCE", 1)
    batch = confirm(upload(agent, by), by)
    batch_worker.carry_on(batch_id=batch.pk, now=timezone.now())
    batches.stop(batch=batch, by=by, now=timezone.now())
    carry_out(batch)
    batch_worker.sweep(now=timezone.now() + timedelta(hours=1))
    assert outcomes(batch) == [RowOutcome.PAID, RowOutcome.UNPAID, RowOutcome.UNPAID]
    assert len(paid(simulator)) == 2
    assert problems(batch)[2] == Because(RowReason.STOPPED, {"person": by.name or by.email})
    assert batches.stop(batch=batch, by=by, now=timezone.now()).done_at == Batch.objects.get(pk=batch.pk).done_at


def test_a_discarded_batch_cannot_be_confirmed_any_more(agent: Account, by: User) -> None:
    batch = upload(agent, by)
    batches.stop(batch=batch, by=by, now=timezone.now())
    assert confirm(batch, by).state == BatchState.DONE
    carry_out(batch)
    assert not TopUp.objects.exists()


def test_a_sweep_goes_on_with_what_no_worker_takes_care_of(agent: Account, by: User) -> None:
    batch = confirm(upload(agent, by), by)
    assert batch_worker.sweep(now=timezone.now()) == 0
    assert batch_worker.sweep(now=timezone.now() + timedelta(seconds=6)) == 1
    assert Batch.objects.get(pk=batch.pk).state == BatchState.DONE
    assert TopUp.objects.filter(kind=Kind.CREDIT).count() == 3


def test_debits_that_may_count_twice_make_a_batch_wait_and_refuse_nothing(
    simulator: SimulatorProcess, agent: Account, by: User
) -> None:
    simulator.control.set_money(AGENT, Decimal(-470))
    now = timezone.now() + timedelta(minutes=1)
    batch = confirm(upload(agent, by, "A-20417;30\n"), by, sure=True)
    profiles.ensure(switch=agent.switch, number=AGENT, now=now)
    Account.objects.filter(pk=agent.pk).update(balance=Decimal(-470), overdraft=Decimal(500), balance_at=now)
    # Its answer was written after the balance was asked for, and the balance has it already.
    TopUpFactory.create(
        account=agent, kind=Kind.DEBIT, amount=Decimal(-10), state=TopUpState.CONFIRMED, settled_at=now, sent_at=None
    )
    batch_worker.carry_on(batch_id=batch.pk, now=now)
    assert outcomes(batch) == [RowOutcome.WAITING]
    batch_worker.sweep(now=now + timedelta(minutes=1))
    assert outcomes(batch) == [RowOutcome.SENDING]
    dead_senders.sweep(now=now + timedelta(minutes=2))
    assert outcomes(batch) == [RowOutcome.PAID]


def test_a_file_with_too_many_lines_is_refused(agent: Account, by: User, settings: Any) -> None:
    settings.BATCH_MOST_LINES = 2
    with refused(UnreadableFile, FileReason.TOO_MANY_LINES, most=2):
        upload(agent, by)
    assert not Batch.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"note": "another"},
        {"amount_text": "99"},
        {"line": 99},
        {"account_text": "A-1"},
        {"unclear": Because(RowReason.NOT_PRINTABLE)},
    ],
)
def test_the_database_keeps_what_was_uploaded(agent: Account, by: User, change: dict[str, Any]) -> None:
    batch = upload(agent, by)
    with pytest.raises(DatabaseError), transaction.atomic():
        BatchRow.objects.filter(batch=batch).update(**change)


@pytest.mark.parametrize(
    "change",
    [
        {"account": None},
        {"amount": 0},
        {"problem": Value(None, JSONField()), "account": None},
        {"problem": Value({}, JSONField()), "account": None},
    ],
)
def test_the_database_lets_no_row_wait_that_cannot_be_paid_and_does_not_say_why(
    agent: Account, by: User, change: dict[str, Any]
) -> None:
    batch = upload(agent, by)
    with pytest.raises(IntegrityError), transaction.atomic():
        batch.rows.update(**change)


def test_the_database_lets_no_row_be_paid_that_says_why_it_is_not(agent: Account, by: User) -> None:
    row = upload(agent, by).rows.get(line=2)
    row.topup, row.problem = TopUpFactory.create(account=row.account), Because(RowReason.GIVEN_UP)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(update_fields=["topup", "problem"])


def test_the_database_keeps_a_rows_topup_and_a_batchs_end(agent: Account, by: User) -> None:
    batch = confirm(upload(agent, by), by)
    carry_out(batch)
    for update in (
        lambda: batch.rows.update(topup=None),
        lambda: batch.rows.update(amount=Decimal(1)),
        lambda: batch.rows.all().delete(),
        lambda: Batch.objects.update(state=BatchState.CONFIRMED, done_at=None),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            update()


def beside_one_another(work: Any, times: int = 8) -> list[Any]:
    def run(_: int) -> Any:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(run, range(times)))


@pytest.mark.django_db(transaction=True)
def test_eight_uploads_confirmations_and_workers_at_once_pay_each_row_once(
    simulator: SimulatorProcess, agent: Account, by: User
) -> None:
    uploaded = beside_one_another(lambda: upload(agent, by))
    assert len(set(uploaded)) == 1
    batch = Batch.objects.get()
    assert {done.state for done in beside_one_another(lambda: confirm(batch, by))} == {BatchState.CONFIRMED}
    beside_one_another(lambda: batch_worker.carry_on(batch_id=batch.pk, now=timezone.now()))
    carry_out(batch)
    assert len(paid(simulator)) == 6
    assert outcomes(batch) == [RowOutcome.PAID] * 3


@pytest.mark.django_db(transaction=True)
def test_of_lists_with_the_same_payments_that_are_confirmed_at_once_only_one_is(agent: Account, by: User) -> None:
    same = iter([upload(agent, by, FILE.replace("Invoice", f"Bill {number}")) for number in range(4)])

    def confirm_next() -> bool:
        with contextlib.suppress(BatchRefused):
            return confirm(next(same), by, sure=True).state == BatchState.CONFIRMED
        return False

    assert sorted(beside_one_another(confirm_next, times=4)) == [False, False, False, True]


@pytest.mark.django_db(transaction=True)
def test_no_lock_is_held_on_a_batch_while_the_switch_is_asked(
    agent: Account, by: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(agent, by)
    Account.objects.update(balance_at=timezone.now() - timedelta(hours=1))
    held: list[bool] = []

    def noted(client: Client, **wanted: Any) -> list[Customer]:
        held.append(connection.in_atomic_block)
        return get_customers(client, **wanted)

    monkeypatch.setattr(balances, "get_customers", noted)
    confirm(Batch.objects.get(), by)
    assert held == [False]


@pytest.mark.django_db(transaction=True)
def test_eight_wishes_at_once_to_pay_again_or_the_rest_make_one_batch_each(agent: Account, by: User) -> None:
    batch = upload(agent, by)
    batches.stop(batch=batch, by=by, now=timezone.now())
    for action in (batches.again, batches.rest):
        assert len(set(beside_one_another(lambda action=action: action(batch=batch, by=by, now=timezone.now())))) == 1
    assert Batch.objects.count() == 3
