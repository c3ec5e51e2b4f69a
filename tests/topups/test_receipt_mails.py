from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone

from accounts.models import Account, Role, Switch, User
from accounts.services import mail_retries
from accounts.services.mail_retries import MOST_ATTEMPTS, Mailed
from billing.balances.services import profiles
from billing.lib.reasons import Because
from billing.topups.models import Kind, ReceiptMail, Source, TopUp, TopUpReason, TopUpState
from billing.topups.services import sending as topup_sending
from billing.topups.services import states as topup_states
from billing.topups.services import transfers as topup_transfers
from billing.topups.services.doubt_resolution import resolve
from billing.topups.services.receipt_mails import send_due
from billing.topups.tasks import send_receipts
from simulator.process import SimulatorProcess
from tests.support.factories import NOON, AccountFactory, MembershipFactory, TopUpFactory, UserFactory

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def child(switch: Switch) -> Account:
    return profiles.ensure(switch=switch, number="A-20417", now=timezone.now())


@pytest.fixture
def zoe(child: Account) -> User:
    """The child's owner."""
    user: User = MembershipFactory.create(account=child, user__name="Zoë Chen", user__time_zone="Asia/Tokyo").user
    return user


@pytest.fixture
def mara(child: Account) -> User:
    """The owner of the agent above."""
    user: User = MembershipFactory.create(account=child.parent, user__name="Mara Lindqvist").user
    return user


def transfer(child: Account, by: User, key: str = "k") -> TopUp:
    assert child.parent is not None
    now = timezone.now()
    wish = topup_transfers.request(
        account=child,
        payer=Account.objects.select_related("switch").get(pk=child.parent.pk),
        amount=Decimal("12.5"),
        by=by,
        key=key,
        note="Invoice 1042",
        now=now,
        send_by_worker=False,
    )
    return topup_sending.carry_out(topup_id=wish.pk, now=now)


def mailed() -> dict[str, str]:
    """Subject and text of what was sent, by its one reader."""
    send_due(now=timezone.now())
    found = {message.to[0]: f"{message.subject}\n{message.body}" for message in mail.outbox}
    assert len(found) == len(mail.outbox)
    mail.outbox.clear()
    return found


def test_a_confirmed_top_up_is_told_to_who_asked_and_to_the_accounts_owners(
    child: Account, zoe: User, mara: User
) -> None:
    MembershipFactory.create(account=child, role=Role.VIEWER)
    MembershipFactory.create(account=child, user__is_active=False)
    topup = transfer(child, mara)
    texts = mailed()
    assert set(texts) == {zoe.email, mara.email}
    for text in texts.values():
        assert "Credited: top-up of $12.50" in text
        assert topup.reference in text
        assert topup.balance_after is not None
        assert f"/a/{child.public_id}/topups/{topup.reference}/" in text
    assert mailed() == {}


def test_what_is_the_agents_is_told_to_the_agent_alone(child: Account, zoe: User, mara: User) -> None:
    transfer(child, mara)
    texts = mailed()
    for theirs in ("Meridian", "Invoice 1042", "Mara"):
        assert theirs in texts[mara.email]
        assert theirs not in texts[zoe.email]
    assert "Made by        your provider" in texts[zoe.email]


def test_times_are_in_the_zone_of_whoever_reads(child: Account, zoe: User, mara: User) -> None:
    transfer(child, mara)
    texts = mailed()
    assert " JST" in texts[zoe.email]
    assert " UTC" in texts[mara.email]


def test_the_page_in_the_mail_is_simple_and_fetches_nothing(child: Account, zoe: User, mara: User) -> None:
    child.name = "<b>Zoë</b>"
    child.save()
    transfer(child, mara)
    send_due(now=timezone.now())
    message = mail.outbox[0]
    assert isinstance(message, EmailMultiAlternatives)
    [(html, kind)] = message.alternatives
    assert kind == "text/html"
    html = str(html)
    assert "&lt;b&gt;Zoë" in html
    assert not re.search(r"<(img|link|script|style|iframe)|url\(|src=", html)


@pytest.mark.parametrize("leg", ["debit", "credit"])
def test_doubt_is_told_once_with_do_not_pay_again_and_then_its_end(
    child: Account, zoe: User, mara: User, simulator: SimulatorProcess, leg: str
) -> None:
    # The first `Pay` is the debit's.
    simulator.control.add_fault("Pay", "drop_after", count=1, after=1 if leg == "credit" else 0)
    transfer(child, mara)
    texts = mailed()
    assert set(texts) == {zoe.email, mara.email}
    assert all("Please do not pay again" in text for text in texts.values())
    later = timezone.now() + MINUTE
    resolve(switch=child.switch, now=later, all_of_them=True)
    topup_sending.carry_out(topup_id=TopUp.objects.get(kind=Kind.CREDIT).pk, now=later)
    assert all("Credited" in text for text in mailed().values())
    assert ReceiptMail.objects.count() == 4


def test_a_refusal_is_told_with_its_reason_to_the_payer_alone(
    child: Account, zoe: User, mara: User, simulator: SimulatorProcess
) -> None:
    simulator.control.add_fault("Pay", "listed_code", count=1)
    transfer(child, mara)
    texts = mailed()
    assert all("Not credited" in text for text in texts.values())
    assert "code -10007" in texts[mara.email]
    assert "code -" not in texts[zoe.email]


def test_what_staff_found_not_done_is_told_without_their_reason(switch: Switch) -> None:
    topup = TopUpFactory.create(state=TopUpState.REVIEW, requested_by=UserFactory.create())
    why, by = Because(TopUpReason.DECIDED, {"why": "Nothing there"}), UserFactory.create(is_staff=True)
    topup_states.move(topup=topup, to=TopUpState.NOT_APPLIED, now=NOON, why=why, by=by)
    [text] = mailed().values()
    assert "our staff found that this top-up was not done" in text
    assert "Nothing there" not in text


def test_who_lost_the_account_meanwhile_gets_a_mail_without_a_way_in(child: Account, mara: User) -> None:
    transfer(child, mara)
    MembershipFactory.create(account=child.parent)  # another owner stays
    mara.memberships.all().delete()
    [text] = mailed().values()
    assert "/a/" not in text
    assert "Meridian" not in text


def test_a_mail_is_written_with_its_transition_or_not_at_all() -> None:
    topup = TopUpFactory.create(state=TopUpState.SENDING, sent_at=NOON)
    with transaction.atomic():
        assert topup_states.move(topup=topup, to=TopUpState.CONFIRMED, now=NOON)
        transaction.set_rollback(True)
    assert not ReceiptMail.objects.exists()
    as_read = TopUp.objects.get(pk=topup.pk)
    assert topup_states.move(topup=as_read, to=TopUpState.CONFIRMED, now=NOON)
    stale = TopUp(pk=topup.pk, state=TopUpState.SENDING)
    assert not topup_states.move(topup=stale, to=TopUpState.IN_DOUBT, now=NOON)
    assert [mail.event for mail in ReceiptMail.objects.all()] == ["confirmed"]


def owed() -> ReceiptMail:
    topup = TopUpFactory.create(
        state=TopUpState.CONFIRMED, settled_at=NOON, account=AccountFactory.create(), source=Source.OPERATOR
    )
    mail: ReceiptMail = ReceiptMail.objects.create(
        topup=topup, event="confirmed", to=topup.requested_by, written_at=NOON, next_attempt_at=NOON
    )
    return mail


class Refusing(socketserver.StreamRequestHandler):
    """A mail server that greets, and takes no mail."""

    def handle(self) -> None:
        self.wfile.write(b"220 hello\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            self.wfile.write({b"EHLO": b"250 hello\r\n", b"QUIT": b"221 bye\r\n"}.get(verb, b"451 not now\r\n"))


@pytest.fixture
def refusing(settings: LazySettings) -> Iterator[None]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refusing) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address[:2]
        settings.EMAIL_USE_TLS = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield
        server.shutdown()


def test_a_mail_that_is_not_taken_is_tried_again_ever_more_rarely_and_given_up(
    refusing: None, caplog: pytest.LogCaptureFixture
) -> None:
    row, now = owed(), NOON
    pauses = []
    for _ in range(MOST_ATTEMPTS):
        assert send_due(now=now) == Mailed(failed=1)
        assert send_due(now=now) == Mailed()
        row.refresh_from_db()
        if row.next_attempt_at is not None:
            pauses.append(row.next_attempt_at - now)
            now = row.next_attempt_at + timedelta(seconds=1)
    assert (row.attempts, row.next_attempt_at, row.sent_at) == (MOST_ATTEMPTS, None, None)
    assert pauses[0] < pauses[1] < pauses[2]
    assert "is given up" in caplog.text
    assert row.to.email not in caplog.text


def test_a_mail_server_that_is_away_costs_no_attempt(settings: LazySettings, caplog: pytest.LogCaptureFixture) -> None:
    row = owed()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", 9, False
    assert send_due(now=NOON) == Mailed(failed=1)
    row.refresh_from_db()
    assert (row.attempts, row.next_attempt_at) == (0, NOON)
    assert "cannot be reached" in caplog.text


def test_of_two_who_send_at_once_one_sends() -> None:
    row = owed()
    another = ReceiptMail.objects.get(pk=row.pk)
    assert mail_retries.claim(row, NOON)
    assert not mail_retries.claim(another, NOON)


def test_a_mail_whose_sender_died_goes_out_again_under_the_same_id() -> None:
    row = owed()
    assert mail_retries.claim(row, NOON)
    assert send_due(now=NOON + MINUTE) == Mailed()
    assert send_due(now=NOON + 3 * MINUTE) == Mailed(sent=1)
    [message] = mail.outbox
    assert message.extra_headers["Message-ID"].startswith(f"<receipt-{row.pk}-{row.topup.reference}@")


def test_the_task_sends_each_mail_once() -> None:
    owed()
    send_receipts()
    send_receipts()
    assert len(mail.outbox) == 1
