from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Account
from billing.calls.models import Call, CallChange, CallLevel, ChangeOfRecord, EndDirection
from billing.calls.services import partitions
from billing.packages.models import PackageList
from billing.rates.models import Rate, RateGroup
from billing.switches.models import SwitchFailure
from tests.support.factories import CallFactory
from tests.support.pages import context, read
from tests.support.visitors import Visitor

BEGAN = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
FAR = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture(autouse=True)
def _partitions(db: None) -> None:
    partitions.ensure(months=[BEGAN.date()])


def call_of(zoe: Visitor, **fields: Any) -> Call:
    call: Call = CallFactory.create(account=zoe.account, started_at=BEGAN, **fields)
    return call


def rates(zoe: Visitor, *, fee: str = "0.02", period: int = 30, **more: Any) -> Rate:
    group = RateGroup.objects.create(
        switch=zoe.account.switch, name=zoe.account.rate_group, read_at=datetime.now(UTC), not_before=FAR
    )
    return Rate.objects.create(group=group, prefix="86", area_name="China", fee=Decimal(fee), period=period, **more)


def text(zoe: Visitor, call: Call, visitor: Visitor | None = None, **headers: str) -> str:
    """The page as it is read."""
    answer = (visitor or zoe).client.get(zoe.page(f"calls/{call.flow_no}/"), headers=headers)
    assert answer.status_code == 200
    return read(answer).words


def test_a_call_is_told_in_words(zoe: Visitor) -> None:
    call = call_of(
        zoe, talk_seconds=0, fee=Decimal(0), billed_seconds=0, end_reason=17, end_direction=EndDirection.CALLEE
    )
    page = text(zoe, call)
    assert "To 8613900000000 not answered" in page
    assert "The number was busy. Code 17, read as a Q.850 cause" in page
    assert "Ended by the called side" in page
    assert "Kind of call international" in page
    assert "The call was not answered, so nothing was charged." in page


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (16, "The call was ended normally. Code 16, read as a Q.850 cause"),
        (486, "The number was busy. Code 486, read as a SIP answer"),
        (-9, "The switch gives a reason of its own, whose meaning is not published. Code -9"),
        (-1, "The switch does not say."),
    ],
)
def test_why_it_ended_is_told_with_its_code_and_what_is_unknown_as_unknown(zoe: Visitor, code: int, words: str) -> None:
    assert words in text(zoe, call_of(zoe, end_reason=code))


def test_codes_that_no_table_knows_are_told_as_they_came(zoe: Visitor) -> None:
    page = text(zoe, call_of(zoe, call_level=3, end_direction=7))
    assert "Kind of call unknown (code 3)" in page
    assert "Ended by unknown (code 7)" in page
    assert str(CallLevel(5).label) not in page


def test_times_are_told_in_the_readers_zone_and_in_the_switchs(zoe: Visitor) -> None:
    zoe.user.time_zone = "Asia/Kolkata"
    zoe.user.save()
    page = text(zoe, call_of(zoe, talk_seconds=90))
    assert "Began 21 November 2026, 05:00:00 IST 20 November, 23:30:00 UTC where the switch is" in page
    assert "Ended 21 November 2026, 05:01:30 IST" in page


def test_the_rate_is_shown_with_the_arithmetic_that_gives_the_charge(zoe: Visitor) -> None:
    rates(zoe, first_fees=[Decimal("0.01")], first_seconds=[30])
    page = text(zoe, call_of(zoe, talk_seconds=70, billed_seconds=90, fee=Decimal("0.05")))
    assert "Rate China for numbers that begin with 86" in page
    assert "Billed 90 s for 70 s talked" in page
    assert "First 30 s $0.01" in page
    assert "2 × 30 s at $0.02 $0.04" in page
    assert "By today’s rate $0.05" in page
    assert "The rate gives exactly what was charged." in page


def test_a_rate_that_does_not_give_the_charge_is_not_passed_off_as_its_reason(zoe: Visitor) -> None:
    rates(zoe, fee="0.03")
    page = text(zoe, call_of(zoe, billed_seconds=60, fee=Decimal("0.05")))
    assert "By today’s rate $0.06" in page
    assert "Charged $0.05" in page
    assert "Today’s rate does not give what was charged." in page
    assert "exactly" not in page


def test_what_a_package_paid_is_told_beside_what_the_balance_paid(zoe: Visitor) -> None:
    rates(zoe)
    call = call_of(
        zoe, billed_seconds=0, fee=Decimal(0), package_seconds=60, package_fee=Decimal("0.04"), talk_seconds=60
    )
    page = text(zoe, call)
    assert "Taken from a package 60 s, worth $0.04 the record does not say of which" in page
    assert "The rate gives exactly what the package and the balance paid together." in page


@pytest.mark.parametrize(
    ("prefixes", "told"),
    [
        ({"China": ["86"]}, "China, the account’s package for such numbers"),
        ({"Everywhere": [""]}, "Everywhere, the account’s package for such numbers"),
        ({"China": ["86"], "Mobiles": ["44", "8613"]}, "the record does not say of which: China or Mobiles"),
        ({"Britain": ["44"]}, "the record does not say of which Charged"),
    ],
)
def test_the_package_is_named_where_only_one_of_the_account_is_for_such_numbers(
    zoe: Visitor, prefixes: dict[str, list[str]], told: str
) -> None:
    rates(zoe)
    known = PackageList.objects.create(account=zoe.account, not_before=FAR)
    for name, of_it in prefixes.items():
        known.packages.create(name=name, prefixes=of_it, begins_at=BEGAN - timedelta(days=1))
    known.packages.create(name="Ended", prefixes=["86"], begins_at=BEGAN - timedelta(days=60), ends_at=BEGAN)
    known.packages.create(name="Later", prefixes=["86"], begins_at=BEGAN + timedelta(seconds=1))
    call = call_of(zoe, billed_seconds=0, fee=Decimal(0), package_seconds=60, package_fee=Decimal("0.04"))
    assert told in text(zoe, call)


def test_a_prefix_that_the_rates_no_longer_have_is_told(zoe: Visitor) -> None:
    rates(zoe)
    assert "Today’s rates have none for this prefix." in text(zoe, call_of(zoe, fee_prefix="8613"))


def test_a_call_before_any_rates_were_read_asks_for_them_and_looks_again(zoe: Visitor) -> None:
    call = call_of(zoe)
    answer = zoe.client.get(zoe.page(f"calls/{call.flow_no}/"))
    assert context(answer)["is_coming"]
    assert "The rates are being asked for." in read(answer).words
    assert b'hx-trigger="every 2s"' in answer.content
    RateGroup.objects.update(ended_at=datetime.now(UTC), failure=SwitchFailure.TOO_LATE)
    answer = zoe.client.get(zoe.page(f"calls/{call.flow_no}/"))
    page = read(answer).words
    assert b"hx-trigger" not in answer.content
    assert "The rate is not known just now." in page
    assert "The switch did not answer in time." in page


def test_staff_look_again_by_themselves_because_each_look_is_recorded(zoe: Visitor, sam: Visitor) -> None:
    call = call_of(zoe)
    answer = sam.client.get(zoe.page(f"calls/{call.flow_no}/"))
    assert b"hx-trigger" not in answer.content
    assert b"http-equiv" not in answer.content
    assert read(answer).link("Look again") == zoe.page(f"calls/{call.flow_no}/")


def test_a_charge_that_the_switch_corrected_says_what_it_was_before(zoe: Visitor, mara: Visitor) -> None:
    call = call_of(zoe, fee=Decimal("0.05"))
    same = {"flow_no": call.flow_no, "ended_at": call.ended_at, "agent_number": ""}
    for hours, kind, fee, agent_fee in (
        (1, ChangeOfRecord.LATE, "0.09", "0"),
        (2, ChangeOfRecord.EDITED, "-0.02", "0.031313"),
        (3, ChangeOfRecord.EDITED, "0", "0.031313"),
        (4, ChangeOfRecord.EDITED, "-0.02", "0"),
    ):
        change = {"kind": kind, "fee": Decimal(fee), "agent_fee": Decimal(agent_fee), **same}
        CallChange.objects.create(account=zoe.account, noticed_at=BEGAN + timedelta(hours=hours), **change)
    CallChange.objects.create(account=mara.account, noticed_at=BEGAN, fee=1, agent_fee=0, kind="edited", **same)
    page = text(zoe, call)
    assert page.count("The switch corrected this charge") == 2
    assert "from $0.07 to $0.05; that was noticed on 21 November 2026, 03:30 UTC." in page
    assert "from $0.09 to $0.07; that was noticed on 21 November 2026, 01:30 UTC." in page
    assert "0.031313" not in page


def test_an_account_whose_rates_the_switch_does_not_name_says_so(zoe: Visitor) -> None:
    Account.objects.filter(pk=zoe.account.pk).update(rate_group="")
    assert "The switch does not say which rates this account has." in text(zoe, call_of(zoe))


def test_htmx_gets_the_price_alone(zoe: Visitor) -> None:
    call = call_of(zoe)
    html = zoe.client.get(zoe.page(f"calls/{call.flow_no}/"), headers={"HX-Request": "true"}).content
    assert b'id="price"' in html
    assert b"<html" not in html


def test_the_list_leads_to_each_call(zoe: Visitor) -> None:
    call = call_of(zoe)
    page = read(zoe.client.get(f"{zoe.page('calls/')}?from=2026-11-20&to=2026-11-21"))
    assert page.link(call.callee) == f"{zoe.page(f'calls/{call.flow_no}/')}?began={int(call.started_at.timestamp())}"


def test_a_row_leads_to_its_own_call_where_the_switch_used_a_number_again(zoe: Visitor) -> None:
    newer = call_of(zoe, callee="8613900000222")
    began = newer.started_at - timedelta(days=60)
    partitions.ensure([began.date()])
    CallFactory.create(account=zoe.account, callee="8613900000111", flow_no=newer.flow_no, started_at=began)
    day = newer.started_at.date()
    page = read(zoe.client.get(f"{zoe.page('calls/')}?from={day - timedelta(days=70)}&to={day}"))
    links = [(link.address, link.name) for link in page.links if f"/calls/{newer.flow_no}/" in link.address]
    assert [callee for _, callee in links] == ["8613900000222", "8613900000111"]
    for link, callee in [*links, (zoe.page(f"calls/{newer.flow_no}/?began=then"), "8613900000222")]:
        assert zoe.client.get(link).context["call"].callee == callee


@pytest.mark.parametrize("flow_no", ["0", "-5", "9" * 19, "1.5", "9" * 30])
def test_a_call_that_does_not_exist_is_not_found(zoe: Visitor, flow_no: str) -> None:
    assert zoe.client.get(zoe.page(f"calls/{flow_no}/")).status_code == 404


def test_somebody_elses_call_is_as_little_found_as_none(zoe: Visitor, mara: Visitor) -> None:
    call = CallFactory.create(account=mara.account, started_at=BEGAN)
    assert zoe.client.get(zoe.page(f"calls/{call.flow_no}/")).status_code == 404


@pytest.mark.parametrize("may_see", [True, False])
def test_what_the_agent_pays_is_shown_to_an_agent_that_may_see_its_margin_alone(
    zoe: Visitor, mara: Visitor, sam: Visitor, may_see: bool
) -> None:
    Account.objects.filter(pk=mara.account.pk).update(may_see_margin=may_see)
    call = call_of(zoe, agent_number=mara.account.number, agent_fee=Decimal("0.031313"))
    assert "0.031313" not in text(zoe, call)
    assert ("What the agent pays for it $0.031313" in text(zoe, call, mara)) is may_see
    assert ("What the agent pays for it $0.031313" in text(zoe, call, sam)) is may_see


def test_what_another_agent_paid_before_is_nobodys_to_see(zoe: Visitor, mara: Visitor) -> None:
    Account.objects.filter(pk=mara.account.pk).update(may_see_margin=True)
    call = call_of(zoe, agent_number="R-999", agent_fee=Decimal("0.031313"))
    assert "0.031313" not in text(zoe, call, mara)
