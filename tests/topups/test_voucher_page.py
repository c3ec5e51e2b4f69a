from __future__ import annotations

import json
import logging
import re
import sys
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.conf import settings
from django.core.signals import got_request_exception
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format
from django.views.debug import ExceptionReporter
from redis import Redis

from accounts.models import Role, Switch
from billing.lib.reasons import Because
from billing.lib.redis import connection as redis
from billing.topups.models import Source, TopUp, TopUpState, VoucherReason
from billing.topups.services import sending as topup_sending
from billing.topups.services import vouchers
from billing.vos3000 import Client as SwitchClient
from simulator.process import SimulatorProcess
from tests.support.factories import AccountFactory, MembershipFactory, TopUpFactory, UserFactory
from tests.support.logins import logged_in
from tests.support.pages import addresses, context, read
from tests.support.raw import as_sent
from tests.support.visitors import Visitor

if TYPE_CHECKING:
    # What a test's client gives: a response that knows its context.
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

# A secret counts where it stands by itself, and not within the fraction of a second or a token.
SECRET = re.compile(r"\b(90000001|4101)\b")
# Cards of the simulator's sample world: one worth 5, one that another account used, and one that expired.
GOOD, USED, EXPIRED = ("90000001", "4101"), ("90000901", "7001"), ("90000902", "7002")


def look(who: Visitor, card: tuple[str, str], about: Visitor | None = None) -> Answer:
    return who.client.post((about or who).page("topup/voucher/"), {"pin": card[0], "password": card[1]})


def pay_in(who: Visitor, card: tuple[str, str], about: Visitor | None = None) -> Answer:
    return confirm(who, look(who, card, about).context["sealed"], about)


def confirm(who: Visitor, sealed: str, about: Visitor | None = None) -> Answer:
    return who.client.post((about or who).page("topup/voucher/confirm/"), {"offer": sealed})


def carried_out() -> TopUp:
    return topup_sending.carry_out(topup_id=TopUp.objects.get().pk, now=timezone.now())


def test_a_card_is_looked_at_before_anything_is_paid_in(zoe: Visitor, simulator: SimulatorProcess) -> None:
    answer = look(zoe, GOOD)
    assert context(answer)["offer"].amount == Decimal(5)
    assert context(answer)["offer"].expires_at is not None
    assert "$5.00" in read(answer).words
    assert answer.context["after"] - answer.context["before"] == Decimal(5)
    assert not TopUp.objects.exists()
    assert simulator.control.received("PayByPhoneCard") == []


def test_a_card_that_is_confirmed_is_paid_in_once(zoe: Visitor, simulator: SimulatorProcess) -> None:
    before = simulator.control.account("A-20417").money
    sealed = look(zoe, GOOD).context["sealed"]
    places = {confirm(zoe, sealed)["Location"] for _ in range(2)}
    topup = carried_out()
    assert places == {zoe.page(f"topups/{topup.reference}/")}
    assert (topup.state, topup.source, topup.amount) == (TopUpState.CONFIRMED, Source.VOUCHER, Decimal(5))
    (request,) = simulator.control.received("PayByPhoneCard")
    assert request.body == {
        "ownerName": "A-20417",
        "ownerType": 2,
        "pin": "90000001",
        "password": "4101",
        "memo": topup.reference,
    }
    assert simulator.control.account("A-20417").money == before + 5
    page = context(zoe.client.get(places.pop()))
    assert page["topup"] == topup
    assert page["outcome"] == TopUpState.CONFIRMED


def test_a_number_may_be_typed_as_it_is_printed(zoe: Visitor) -> None:
    assert look(zoe, ("9000 0001", "4101")).context["offer"].amount == Decimal(5)


def test_a_reseller_pays_a_card_into_a_customers_account(
    mara: Visitor, zoe: Visitor, simulator: SimulatorProcess
) -> None:
    pay_in(mara, GOOD, zoe)
    assert carried_out().account == zoe.account
    assert simulator.control.account("A-20417").pays[-1].fee == Decimal(5)


def test_a_card_that_was_used_says_so(zoe: Visitor) -> None:
    used = timezone.now() - timedelta(days=9)
    answer = look(zoe, USED)
    assert isinstance(context(answer)["refused"], vouchers.CardUsed)
    (note,) = read(answer).notes
    assert date_format(used, "DATE_FORMAT") in note
    assert "A-20419" not in as_sent(answer.content)


def test_a_card_that_one_used_oneself_says_so(zoe: Visitor) -> None:
    pay_in(zoe, GOOD)
    carried_out()
    refused = context(look(zoe, GOOD))["refused"]
    assert isinstance(refused, vouchers.CardUsed)
    assert refused.because.reason == VoucherReason.USED_HERE


def test_a_card_that_expired_says_so(zoe: Visitor) -> None:
    answer = look(zoe, EXPIRED)
    refused = context(answer)["refused"]
    assert isinstance(refused, vouchers.CardExpired)
    assert read(answer).notes == [str(refused.because)]


def test_a_wrong_password_and_an_unknown_number_are_told_alike(zoe: Visitor, simulator: SimulatorProcess) -> None:
    pages = [look(zoe, card) for card in (("90000001", "9999"), ("90000001", ""), ("11111111", "4101"))]
    assert [type(context(page)["refused"]) for page in pages] == [vouchers.CardWrong] * len(pages)
    assert [read(page).notes for page in pages] == [[str(VoucherReason.WRONG.label)]] * len(pages)
    assert len(simulator.control.received("GetPhoneCard")) == len(pages)


def test_what_the_switch_refuses_by_another_code_is_a_wrong_card_too(zoe: Visitor, simulator: SimulatorProcess) -> None:
    simulator.control.add_fault("GetPhoneCard", "unlisted_code")
    assert isinstance(context(look(zoe, GOOD))["refused"], vouchers.CardWrong)


@pytest.mark.parametrize("fault", ["drop_before", "html_403", "empty_before", "cut_body"])
def test_a_switch_that_does_not_answer_leaves_the_card_alone_and_counts_no_guess(
    zoe: Visitor, simulator: SimulatorProcess, fault: str
) -> None:
    simulator.control.add_fault("GetPhoneCard", fault, count=7)
    for _ in range(7):
        assert isinstance(context(look(zoe, GOOD))["refused"], vouchers.CardNotSeen)
        breaker = f"switch:{zoe.account.switch_id}:breaker"
        redis().delete(breaker, f"{breaker}:GetPhoneCard")
    assert look(zoe, GOOD).context["offer"].amount == Decimal(5)


def test_a_build_without_voucher_cards_says_so(zoe: Visitor) -> None:
    with SimulatorProcess("--quiet-world", "--version", "2.1.4") as older:
        Switch.objects.update(url=older.url)
        assert read(look(zoe, GOOD)).notes == [str(VoucherReason.NOT_HERE.label)]


def test_where_the_operator_takes_no_cards_no_customer_is_offered_to_pay_one_in(mara: Visitor, zoe: Visitor) -> None:
    Switch.objects.update(voucher_cards=False)
    assert look(zoe, GOOD).status_code == 404
    assert zoe.client.get(zoe.page("topup/")).status_code == 404
    assert not any("/topup/" in address for address in addresses(zoe.client.get(zoe.page())))
    assert zoe.page("topup/voucher/") not in addresses(mara.client.get(zoe.page("topup/")))


def test_an_offer_opens_for_its_own_user_and_account_and_not_for_ever(
    mara: Visitor, zoe: Visitor, simulator: SimulatorProcess
) -> None:
    sealed = look(mara, GOOD, zoe).context["sealed"]
    for answer in (confirm(zoe, sealed), confirm(mara, sealed), confirm(mara, "x" * 5000, zoe)):
        assert context(answer)["refused"].because == Because(VoucherReason.PAGE_TOO_OLD)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        late = logged_in(mara.user).post(zoe.page("topup/voucher/confirm/"), {"offer": sealed})
    assert context(late)["refused"].because == Because(VoucherReason.PAGE_TOO_OLD)
    assert not TopUp.objects.exists()


def test_one_card_is_on_its_way_once_even_when_two_people_come_with_it(mara: Visitor, zoe: Visitor) -> None:
    sealed = look(mara, GOOD, zoe).context["sealed"]
    own = look(mara, GOOD).context["sealed"]
    pay_in(zoe, GOOD)
    reference = TopUp.objects.get().reference
    place = zoe.page(f"topups/{reference}/")
    assert place in addresses(confirm(mara, sealed, zoe))
    elsewhere = confirm(mara, own)
    assert isinstance(context(elsewhere)["refused"], vouchers.CardTaken)
    assert reference not in as_sent(elsewhere.content)
    assert place in addresses(look(zoe, GOOD))
    assert TopUp.objects.count() == 1


def test_a_viewer_and_staff_pay_no_card_in(zoe: Visitor, sam: Visitor) -> None:
    viewer = MembershipFactory.create(account=zoe.account, role=Role.VIEWER).user
    for client in (logged_in(viewer), sam.client):
        assert client.get(zoe.page("topup/voucher/")).status_code == 404
        assert client.post(zoe.page("topup/voucher/"), {"pin": GOOD[0]}).status_code == 404
        assert not any("/topup/" in address for address in addresses(client.get(zoe.page())))


@pytest.mark.parametrize("pin", ["", " - ", "9000/0001", "x" * 41, "9\x001", "٩٠٠٠"])
def test_what_is_no_number_of_a_card_never_leaves(zoe: Visitor, simulator: SimulatorProcess, pin: str) -> None:
    assert look(zoe, (pin, "1")).context["form"].errors["pin"]
    assert simulator.control.received("GetPhoneCard") == []


def guess(client: Client, zoe: Visitor, number: int, address: str = "192.0.2.7") -> int:
    place = zoe.page("topup/voucher/")
    return client.post(place, {"pin": f"8{number:07}", "password": "1"}, REMOTE_ADDR=address).status_code


def test_brute_force_of_one_person_ends_after_five_cards(
    zoe: Visitor, simulator: SimulatorProcess, caplog: pytest.LogCaptureFixture
) -> None:
    answers = [guess(zoe.client, zoe, number) for number in range(100)]
    assert answers == [200] * 5 + [429] * 95
    assert len(simulator.control.received("GetPhoneCard")) == 5
    # Even the right card is not looked at now.
    closed = look(zoe, GOOD)
    assert closed.status_code == 429
    assert isinstance(context(closed)["refused"], vouchers.TooManyCards)
    assert " 60 " in str(context(closed)["refused"])
    assert f"closed for A-20417, user {zoe.user.pk}, address 192.0.2.7" in caplog.text
    assert "80000001" not in caplog.text


def test_brute_force_of_one_account_by_many_people_ends_after_ten_cards(
    zoe: Visitor, simulator: SimulatorProcess
) -> None:
    people = [logged_in(MembershipFactory.create(account=zoe.account).user) for _ in range(6)]
    for number in range(60):
        guess(people[number % 6], zoe, number, address=f"192.0.2.{number}")
    assert len(simulator.control.received("GetPhoneCard")) == 10


def test_brute_force_from_one_network_ends_after_twenty_cards(switch: Switch, simulator: SimulatorProcess) -> None:
    for number in range(30):
        member = MembershipFactory.create(account=AccountFactory.create(switch=switch))
        person = Visitor(member.user, member.account, logged_in(member.user))
        guess(person.client, person, number, address=f"2001:db8::{number + 1:x}")
    assert len(simulator.control.received("GetPhoneCard")) == 20


@pytest.mark.django_db(transaction=True)
def test_one_card_sent_many_times_at_once_is_one_top_up(
    zoe: Visitor, mara: Visitor, simulator: SimulatorProcess
) -> None:
    offers = [(who, look(who, GOOD, zoe).context["sealed"]) for who in (zoe, mara)]

    def one(number: int) -> str | None:
        who, sealed = offers[number % 2]
        try:
            return confirm(Visitor(who.user, who.account, logged_in(who.user)), sealed, zoe).get("Location")
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        places = Counter(pool.map(one, range(64)))
    topup = carried_out()
    assert places == {zoe.page(f"topups/{topup.reference}/"): 32, None: 32}
    assert len(simulator.control.received("PayByPhoneCard")) == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_is_told_nothing_of_the_card_but_the_top_ups_id(zoe: Visitor) -> None:
    pay_in(zoe, GOOD)
    with Redis.from_url(settings.CELERY_BROKER_URL) as broker:
        (message,) = broker.lrange("money", 0, -1)
    (arguments, *_) = json.loads(b64decode(json.loads(message)["body"]))
    assert arguments == [TopUp.objects.get().pk]
    assert b"90000001" not in message


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_moment_are_not_let_through(zoe: Visitor, simulator: SimulatorProcess) -> None:
    def one(number: int) -> int:
        try:
            return guess(logged_in(zoe.user), zoe, number)
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(one, range(32)))
    assert sorted(answers) == [200] * 5 + [429] * 27
    assert len(simulator.control.received("GetPhoneCard")) == 5


def test_a_good_card_counts_as_no_guess(zoe: Visitor) -> None:
    for _ in range(12):
        assert look(zoe, GOOD).status_code == 200
    assert "offer" in look(zoe, GOOD).context


def test_without_redis_no_card_is_looked_up(zoe: Visitor, simulator: SimulatorProcess) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.REDIS_URL", "redis://127.0.0.1:1/0")
        answer = look(zoe, GOOD)
    assert isinstance(context(answer)["refused"], vouchers.CardNotSeen)
    assert simulator.control.received("GetPhoneCard") == []


@pytest.fixture
def everything(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    caplog.set_level(logging.DEBUG)
    texts: list[str] = []
    yield texts
    assert [text for text in (*texts, caplog.text) if SECRET.search(text)] == []


def test_a_cards_number_is_nowhere_but_in_the_request(
    zoe: Visitor, simulator: SimulatorProcess, everything: list[str]
) -> None:
    simulator.control.add_fault("PayByPhoneCard", "drop_before", count=1)
    pages = [look(zoe, ("90000001", "9999")), look(zoe, GOOD)]
    pages.append(pay_in(zoe, GOOD))
    everything += [as_sent(page.content) for page in pages]
    for _ in range(2):
        topup = carried_out()
        everything.append(str(vars(topup)))
        everything.append(str(list(topup.transitions.values())))
    operator = logged_in(UserFactory.create(is_staff=True, is_superuser=True))
    everything.append(as_sent(operator.get(f"/staff/topups/topup/{topup.pk}/change/").content))
    assert topup.sealed_card
    assert topup.state == TopUpState.IN_DOUBT


def test_a_report_of_an_error_holds_nothing_of_the_card(zoe: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(client: SwitchClient, *, pin: str, password: str) -> None:
        raise RuntimeError

    monkeypatch.setattr(vouchers, "get_phone_card", break_down)
    reports: list[str] = []
    got_request_exception.connect(
        lambda request, **_: reports.append(ExceptionReporter(request, *sys.exc_info()).get_traceback_html()),
        weak=False,
        dispatch_uid="reports",
    )
    try:
        zoe.client.raise_request_exception = False
        assert look(zoe, GOOD).status_code == 500
    finally:
        got_request_exception.disconnect(dispatch_uid="reports")
    (report,) = reports
    assert "break_down" in report
    assert not SECRET.search(report)


def test_besides_what_may_yet_arrive_a_card_needs_a_tick(zoe: Visitor) -> None:
    coming = TopUpFactory.create(account=zoe.account, state=TopUpState.IN_DOUBT)
    shown = look(zoe, GOOD)
    for answer in (zoe.client.get(zoe.page("topup/voucher/")), shown):
        assert read(answer).link(coming.reference) == zoe.page(f"topups/{coming.reference}/")
    sealed = shown.context["sealed"]
    refused = confirm(zoe, sealed)
    assert read(refused).fields["I want to add $5.00 besides it"].error
    assert TopUp.objects.get() == coming
    fields = {"offer": refused.context["sealed"], "again": "on"}
    zoe.client.post(zoe.page("topup/voucher/confirm/"), fields)
    assert TopUp.objects.filter(source=Source.VOUCHER).count() == 1
