from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from selectolax.lexbor import LexborHTMLParser

from accounts.models import Account, Role, Switch
from billing.batches.models import Batch, BatchState, FileReason, Origin, RowReason
from billing.batches.services import worker as batch_worker
from billing.lib.reasons import Because
from billing.templatetags.figures import spendable_money
from billing.topups.models import Kind, TopUp, TopUpState
from billing.topups.services import sending as topup_sending
from simulator.process import SimulatorProcess
from tests.support.factories import AccountFactory, MembershipFactory, TopUpFactory
from tests.support.logins import logged_in
from tests.support.pages import FRAGMENT, addresses, context, read
from tests.support.raw import as_sent
from tests.support.visitors import Visitor

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

FILE = b"account,amount,note\nA-20417,10.00,Invoice 1\nA-NOBODY,5,=1+1\n"


def upload(mara: Visitor, content: bytes = FILE, name: str = "november.csv", **more: str) -> Answer:
    file = SimpleUploadedFile(name, content, "text/csv")
    return mara.client.post(mara.page("customers/batch/upload/"), {"file": file, **more})


def post(mara: Visitor, what: str, **data: str) -> Answer:
    batch = Batch.objects.latest("pk")
    return mara.client.post(mara.page(f"customers/batch/{batch.reference}/{what}/"), data)


def confirm(mara: Visitor, **data: str) -> Answer:
    return post(mara, "confirm", **{"key": Batch.objects.latest("pk").key, **data})


def look(who: Visitor, query: str = "", **options: Any) -> Answer:
    batch = Batch.objects.latest("pk")
    address = f"/a/{batch.agent.public_id}/customers/batch/{batch.reference}/{query}"
    return who.client.get(address, **options)


def action(what: str) -> str:
    """The address of what can be done with the latest batch."""
    batch = Batch.objects.latest("pk")
    return f"/a/{batch.agent.public_id}/customers/batch/{batch.reference}/{what}/"


def offered(answer: Answer) -> set[str]:
    """Where the forms of a page lead, and what its buttons do instead."""
    root = LexborHTMLParser(answer.content).root
    assert root is not None
    forms = root.css("main form[action], main [formaction]")
    return {node.attributes.get("formaction") or node.attributes.get("action") or "" for node in forms}


def messages(answer: Answer) -> list[str]:
    """The levels of the messages that a page shows."""
    return [message.level_tag for message in context(answer)["messages"]]


def carry_out() -> None:
    batch_worker.carry_on(batch_id=Batch.objects.latest("pk").pk, now=timezone.now())
    for topup in TopUp.objects.filter(kind=Kind.CREDIT, state=TopUpState.REQUESTED).order_by("pk"):
        topup_sending.carry_out(topup_id=topup.pk, now=timezone.now())


def test_an_uploaded_file_leads_to_its_lines_and_totals(mara: Visitor, zoe: Visitor, rich: Decimal) -> None:
    answer = upload(mara)
    batch = Batch.objects.get()
    assert answer["Location"] == mara.page(f"customers/batch/{batch.reference}/")
    answer = look(mara)
    given, page = context(answer), read(answer)
    assert (given["payable"].count, given["payable"].amount, given["unpaid"].count) == (1, 10, 1)
    assert [button.name for button in page.buttons if "$10.00" in button.name]
    assert "november.csv" in page.headings
    first, second = page.section("Lines").items
    assert "Zoë Chen" in first
    why = given["rows"][1][0].why
    assert why == Because(RowReason.NO_CUSTOMER, {"account": "A-NOBODY"})
    assert str(why) in second
    assert spendable_money(rich, "USD") in page.words
    assert not TopUp.objects.exists()


def test_the_customers_page_leads_there(mara: Visitor, zoe: Visitor) -> None:
    assert mara.page("customers/batch/") in addresses(mara.client.get(mara.page("customers/")))
    assert b'enctype="multipart/form-data"' in mara.client.get(mara.page("customers/batch/")).content


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "<script>alert(1)</script>.csv", "x" * 300 + ".csv", "\u202egnp.csv"]
)
def test_whatever_a_file_is_called_its_name_is_only_shown(mara: Visitor, zoe: Visitor, name: str) -> None:
    upload(mara, name=name)
    html = as_sent(look(mara).content)
    assert "<script>alert" not in html
    assert "\u202e" not in html
    assert len(Batch.objects.get().file_name) <= 100


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"account,total\n", Because(FileReason.COLUMN_MISSING, {"column": "amount"})),
        (b"PK\x03\x04", Because(FileReason.WORKBOOK)),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_beside_its_field(mara: Visitor, content: bytes, why: Because) -> None:
    answer = upload(mara, content)
    (error,) = context(answer)["form"].errors["file"]
    assert error == str(why)
    assert read(answer).fields["CSV file"].error == error
    assert not Batch.objects.exists()


def test_an_encoding_that_cannot_be_told_is_asked_on_the_page_and_then_used(mara: Visitor, zoe: Visitor) -> None:
    content = "account,amount,note\nA-20417,10.00,Café\n".encode("cp1252")
    answer = upload(mara, content)
    (error,) = context(answer)["form"].errors["encoding"]
    assert error == str(Because(FileReason.ENCODING_UNKNOWN))
    assert read(answer).fields["How its letters are encoded"].error == error
    assert not Batch.objects.exists()
    upload(mara, content, encoding="cp1252")
    assert Batch.objects.get().rows.get().note == "Café"


def test_an_encoding_that_no_one_offers_is_refused(mara: Visitor, zoe: Visitor) -> None:
    assert context(upload(mara, encoding="utf-7"))["form"].errors["encoding"]
    assert not Batch.objects.exists()


def test_a_list_that_was_paid_before_with_other_notes_shows_the_earlier_batch_and_wants_a_tick(
    mara: Visitor, zoe: Visitor
) -> None:
    upload(mara)
    confirm(mara)
    earlier = Batch.objects.get()
    upload(mara, FILE.replace(b"Invoice 1", b"December").replace(b"10.00", b"10"))
    assert Batch.objects.latest("pk") != earlier
    answer = look(mara)
    assert context(answer)["earlier"] == earlier
    assert mara.page(f"customers/batch/{earlier.reference}/") in addresses(answer)
    confirm(mara)
    assert Batch.objects.latest("pk").state == BatchState.UPLOADED
    confirm(mara, sure="on")
    assert Batch.objects.latest("pk").state == BatchState.CONFIRMED


def test_no_file_at_all_and_an_empty_one_are_refused_too(mara: Visitor) -> None:
    for answer in (mara.client.post(mara.page("customers/batch/upload/")), upload(mara, b"")):
        (error,) = context(answer)["form"].errors["file"]
        assert read(answer).fields["CSV file"].error == error
    assert not Batch.objects.exists()


def test_a_file_that_is_too_large_never_arrives(mara: Visitor, settings: Any) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 2000
    answer = upload(mara, b"A-20417,5\n" * 300)
    (error,) = context(answer)["form"].errors["file"]
    assert "512" in error
    assert "1000" in error
    assert read(answer).fields["CSV file"].error == error


def test_the_same_file_shows_the_earlier_batch_and_pays_nothing_again(
    mara: Visitor, zoe: Visitor, simulator: SimulatorProcess
) -> None:
    place = upload(mara)["Location"]
    confirm(mara)
    carry_out()
    answer = upload(mara)
    assert answer["Location"] == place
    shown = mara.client.get(place)
    assert messages(shown) == ["warning"]
    assert action("again") in offered(shown)
    assert len(simulator.control.received("Pay")) == 2


def test_a_second_payment_of_the_same_file_is_shown_and_confirmed_like_the_first(mara: Visitor, zoe: Visitor) -> None:
    upload(mara)
    first = Batch.objects.get()
    confirm(mara)
    carry_out()
    second = post(mara, "again")["Location"]
    answer = mara.client.get(second)
    assert context(answer)["batch"].origin == Origin.AGAIN
    assert read(answer).link(first.reference) == mara.page(f"customers/batch/{first.reference}/")
    assert (context(answer)["payable"].count, context(answer)["payable"].amount) == (1, 10)
    assert action("confirm") in offered(answer)
    assert TopUp.objects.filter(kind=Kind.CREDIT).count() == 1


def test_a_confirmed_batch_shows_how_far_it_is_and_each_row_leads_to_its_top_up(
    mara: Visitor, zoe: Visitor, simulator: SimulatorProcess
) -> None:
    before = simulator.control.account("A-20417").money
    upload(mara)
    answers = [confirm(mara), confirm(mara)]
    assert {answer["Location"] for answer in answers} == {
        mara.page(f"customers/batch/{Batch.objects.get().reference}/")
    }
    answer = look(mara)
    assert b'hx-trigger="every 2s"' in answer.content
    assert b'<noscript><meta http-equiv="refresh"' in answer.content
    assert b'max="2"' in answer.content
    assert b'value="1"' in answer.content
    assert (context(answer)["progress"].ended, context(answer)["progress"].count) == (1, 2)
    carry_out()
    done = look(mara)
    assert b"hx-trigger" not in done.content
    assert b'value="2"' in done.content
    assert zoe.page(f"topups/{TopUp.objects.get(kind=Kind.CREDIT).reference}/") in addresses(done)
    assert simulator.control.account("A-20417").money == before + 10


def test_a_poll_gets_the_lines_without_the_page_around_them(mara: Visitor, zoe: Visitor) -> None:
    upload(mara)
    confirm(mara)
    fragment = look(mara, headers=FRAGMENT).content
    assert b"<html" not in fragment
    assert b'id="batch"' in fragment


def test_a_check_that_is_not_the_newest_cannot_be_confirmed(mara: Visitor, zoe: Visitor) -> None:
    upload(mara)
    old = Batch.objects.get().key
    TopUpFactory.create(account=zoe.account, amount=Decimal(10), requested_at=timezone.now())
    upload(mara)
    confirm(mara, key=old)
    assert messages(look(mara)) == ["warning", "error"]
    assert Batch.objects.get().state == BatchState.UPLOADED


def test_marked_lines_want_a_tick(mara: Visitor, zoe: Visitor) -> None:
    upload(mara, b"A-20417,1.00\nA-20417,2.00\n")
    answer = look(mara)
    assert (context(answer)["has_warnings"], context(answer)["wants_tick"]) == (True, True)
    lines = [line for line, _ in context(answer)["rows"]]
    assert [line.warning for line in lines] == [Because(RowReason.IN_OTHER_LINES, {"lines": other}) for other in "21"]
    for line, shown in zip(lines, read(answer).section("Lines").items, strict=True):
        assert str(line.warning) in shown
    confirm(mara)
    assert messages(look(mara)) == ["error"]
    assert Batch.objects.get().state == BatchState.UPLOADED
    confirm(mara, sure="on")
    assert Batch.objects.get().state == BatchState.CONFIRMED


def test_more_than_there_is_says_so_and_wants_a_tick(mara: Visitor, zoe: Visitor, rich: Decimal) -> None:
    upload(mara, f"A-20417,{rich + 1:.2f}\n".encode())
    answer = look(mara)
    assert (context(answer)["is_short"], context(answer)["wants_tick"]) == (True, True)
    assert "sure" in {field.name for field in read(answer).fields.values()}
    confirm(mara)
    assert Batch.objects.get().state == BatchState.UPLOADED


def test_a_large_sum_wants_a_fresh_login_and_is_paid_once_after_it(mara: Visitor, zoe: Visitor) -> None:
    Switch.objects.update(fresh_login_above=Decimal("9.99"))
    place = upload(mara)["Location"]
    asked = confirm(mara)
    assert asked["Location"].startswith("/account/reauthenticate/")
    assert Batch.objects.get().state == BatchState.UPLOADED
    shown = {"password": "correct horse battery", "next": f"{place}confirm/"}
    done = mara.client.post("/account/reauthenticate/", shown, follow=True)
    assert done.redirect_chain[-1][0] == place
    assert Batch.objects.get().state == BatchState.CONFIRMED


def test_stopped_lines_are_told_and_can_be_tried_again(mara: Visitor, zoe: Visitor) -> None:
    upload(mara)
    confirm(mara)
    post(mara, "stop")
    answer = look(mara)
    why = context(answer)["rows"][0][0].why
    assert why == Because(RowReason.STOPPED, {"person": mara.user.name})
    assert str(why) in read(answer).section("Lines").items[0]
    assert action("rest") in offered(answer)
    stopped = Batch.objects.get()
    rest = mara.client.get(post(mara, "rest")["Location"])
    assert context(rest)["batch"].origin == Origin.REST
    assert read(rest).link(stopped.reference) == mara.page(f"customers/batch/{stopped.reference}/")
    assert not TopUp.objects.exists()


def test_top_ups_in_doubt_say_not_to_pay_again(mara: Visitor, zoe: Visitor, simulator: SimulatorProcess) -> None:
    upload(mara)
    confirm(mara)
    simulator.control.add_fault("Pay", "drop_after", count=1, after=1)
    carry_out()
    answer = look(mara)
    assert context(answer)["is_doubtful"]
    assert len(read(answer).notes) == 1
    assert b'hx-trigger="every 10s"' in answer.content


def test_lines_are_chosen_and_turned(mara: Visitor, zoe: Visitor) -> None:
    upload(mara, b"".join(b"A-%d,1.00\n" % n for n in range(250)) + b"A-20417,1.00\n")
    assert [line.line for line, _ in _rows(mara, "")] == list(range(1, 101))
    assert [line.line for line, _ in _rows(mara, "?after=200")] == list(range(201, 252))
    assert len(_rows(mara, "?show=marked&after=200")) == 50
    assert [line.line for line, _ in _rows(mara, "?show=rubbish&after=-1")] == list(range(1, 101))


def _rows(who: Visitor, query: str) -> Any:
    batch = Batch.objects.get()
    return who.client.get(who.page(f"customers/batch/{batch.reference}/{query}")).context["rows"]


def test_the_results_are_a_file_that_no_spreadsheet_runs(mara: Visitor, zoe: Visitor) -> None:
    upload(mara, FILE + b"+86,5,@x\n")
    confirm(mara)
    carry_out()
    answer = mara.client.get(mara.page(f"customers/batch/{Batch.objects.get().reference}/results/"))
    assert "attachment" in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]
    table = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    reference = TopUp.objects.get(kind=Kind.CREDIT).reference
    assert table[1] == ["2", "A-20417", "Zoë Chen", "10", "Invoice 1", "confirmed", reference, ""]
    unpaid = Because(RowReason.NO_CUSTOMER, {"account": "A-NOBODY"})
    assert table[2][4:] == ["'=1+1", "not paid", "", str(unpaid)]
    assert (table[3][1], table[3][4]) == ("'+86", "'@x")


def test_the_results_can_be_sent_as_a_file_again_and_are_the_same(mara: Visitor, zoe: Visitor) -> None:
    upload(mara, b"A-20417,10,x\n")
    results = mara.client.get(mara.page(f"customers/batch/{Batch.objects.get().reference}/results/")).content
    upload(mara, results)
    assert Batch.objects.count() == 1


def test_support_and_a_viewer_look_and_cannot_pay(mara: Visitor, zoe: Visitor, sam: Visitor) -> None:
    upload(mara)
    viewer = MembershipFactory.create(account=mara.account, role=Role.VIEWER).user
    for who in (sam, Visitor(viewer, mara.account, logged_in(viewer))):
        answer = look(who)
        assert "november.csv" in read(answer).headings
        assert b"<form" not in answer.content.partition(b"<main")[2].partition(b"</main>")[0]
        assert "funds" not in context(answer)
        for what in ("confirm", "stop", "again", "rest"):
            batch = Batch.objects.get()
            place = mara.page(f"customers/batch/{batch.reference}/{what}/")
            assert who.client.post(place, {"key": batch.key}).status_code == 404
        file = SimpleUploadedFile("x.csv", FILE)
        assert who.client.post(mara.page("customers/batch/upload/"), {"file": file}).status_code == 404
    assert Batch.objects.get().state == BatchState.UPLOADED


def test_a_customer_and_another_agent_see_nothing_of_it(mara: Visitor, zoe: Visitor) -> None:
    upload(mara)
    other = AccountFactory.create(switch=mara.account.switch, is_agent=True)
    visitor = MembershipFactory.create(account=other).user
    reference = Batch.objects.get().reference
    for client, account in (
        (zoe.client, mara.account),
        (logged_in(visitor), mara.account),
        (logged_in(visitor), other),
    ):
        assert client.get(f"/a/{account.public_id}/customers/batch/{reference}/").status_code == 404


def test_an_agent_above_pays_from_its_own_balance_alone(mara: Visitor, zoe: Visitor) -> None:
    above = AccountFactory.create(switch=mara.account.switch, is_agent=True)
    Account.objects.filter(pk=mara.account.pk).update(parent=above)
    user = MembershipFactory.create(account=above).user
    client = logged_in(user)
    assert client.get(mara.page("customers/batch/")).status_code == 200
    assert client.post(mara.page("customers/batch/upload/")).status_code == 404
    assert f"/a/{above.public_id}/customers/batch/" in addresses(client.get(mara.page("customers/")))


def test_a_person_who_owns_both_agents_pays_from_the_one_whose_page_it_is(mara: Visitor, zoe: Visitor) -> None:
    above = MembershipFactory.create(user=mara.user, account__switch=mara.account.switch).account
    Account.objects.filter(pk=mara.account.pk).update(parent=above)
    assert mara.page("customers/batch/") in addresses(mara.client.get(mara.page("customers/")))
    upload(mara)
    confirm(mara)
    carry_out()
    assert TopUp.objects.get(kind=Kind.CREDIT).payer == mara.account


def test_a_person_who_comes_back_to_an_action_by_a_login_sees_the_batch(mara: Visitor, zoe: Visitor) -> None:
    place = upload(mara)["Location"]
    for what in ("confirm", "stop", "again", "rest"):
        assert mara.client.get(f"{place}{what}/")["Location"] == place
    assert mara.client.get(mara.page("customers/batch/upload/"))["Location"] == mara.page("customers/batch/")
