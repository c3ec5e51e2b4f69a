from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, Membership, Role
from billing.topups.models import TopUpState
from tests.support.factories import AccountFactory, MembershipFactory, TopUpFactory
from tests.support.pages import context, read
from tests.support.visitors import Visitor


def test_customers_of_every_depth_are_listed_with_their_balances(mara: Visitor, zoe: Visitor) -> None:
    below = AccountFactory.create(switch=mara.account.switch, parent=zoe.account, name="Grandchild", balance="7")
    answer = mara.client.get(mara.page("customers/"))
    listed = {customer.account: customer for customer in context(answer)["customers"]}
    assert listed[zoe.account].is_direct
    assert not listed[below].is_direct
    page = read(answer)
    assert page.link(zoe.account.name) == zoe.page()
    assert page.link("Grandchild") == mara.page(account=below)
    (shown,) = (item for item in page.items if item.startswith("Grandchild"))
    assert "of Zoë Chen" in shown
    assert "$7.00" in shown


def test_a_top_up_that_may_yet_arrive_is_shown_and_leads_to_it(mara: Visitor, zoe: Visitor) -> None:
    coming = TopUpFactory.create(account=zoe.account, amount="12.3", state=TopUpState.IN_DOUBT)
    answer = mara.client.get(mara.page("customers/"))
    assert {row.unsettled for row in context(answer)["customers"] if row.account == zoe.account} == {coming}
    assert {row.unsettled for row in context(answer)["customers"] if row.account != zoe.account} <= {None}
    assert read(answer).link("$12.30 being checked") == zoe.page(f"topups/{coming.reference}/")


def test_customers_are_found_by_a_part_of_name_or_number(mara: Visitor) -> None:
    AccountFactory.create(switch=mara.account.switch, parent=mara.account, name="Café São Jorge", number="X-1")
    for text in ("são", "x-1"):
        answer = mara.client.get(mara.page("customers/"), {"text": text})
        assert [customer.account.name for customer in context(answer)["customers"]] == ["Café São Jorge"]
        assert [item.partition(" X-1")[0] for item in read(answer).section("Customers").items] == ["Café São Jorge"]
    answer = mara.client.get(mara.page("customers/"), {"text": "%"})
    assert context(answer)["customers"] == []
    assert "“%”" in read(answer).section("No customers found").words


def test_a_search_that_cannot_be_read_says_so(mara: Visitor) -> None:
    for text in ("\0", "x" * 500):
        answer = mara.client.get(mara.page("customers/"), {"text": text, "after": "\0"})
        assert answer.status_code == 200
        assert read(answer).fields["Name or number"].error


def test_many_customers_come_page_by_page(mara: Visitor) -> None:
    AccountFactory.create_batch(105, switch=mara.account.switch, parent=mara.account)
    first = mara.client.get(mara.page("customers/"))
    second = mara.client.get(f"{mara.page('customers/')}{first.context['following']}")
    shown = [customer.account.number for page in (first, second) for customer in page.context["customers"]]
    assert shown == sorted(Account.objects.filter(parent=mara.account).values_list("number", flat=True))
    assert second.context["following"] == ""


def test_more_customers_ask_the_database_no_more(mara: Visitor) -> None:
    def asked(customers: int) -> int:
        AccountFactory.create_batch(customers, switch=mara.account.switch, parent=mara.account, is_agent=True)
        counts = []
        for _ in range(3):
            with CaptureQueriesContext(connection) as queries:
                mara.client.get(mara.page("customers/"))
            counts.append(len(queries))
        # The first visit, and the first one of a minute, also note that the session is used.
        return min(counts)

    assert asked(1) == asked(49)


def test_a_customer_has_no_such_page(zoe: Visitor) -> None:
    assert zoe.client.get(zoe.page("customers/")).status_code == 404
    page = read(zoe.client.get(zoe.page()))
    assert zoe.page("customers/") not in {link.address for link in page.links}
    assert "Customers" not in {link.name for link in page.links}


def test_a_viewer_may_look_but_not_top_up(mara: Visitor, zoe: Visitor) -> None:
    MembershipFactory.create(account=mara.account)  # another owner stays
    Membership.objects.filter(user=mara.user).update(role=Role.VIEWER)
    answer = mara.client.get(mara.page("customers/"))
    assert not context(answer)["may_top_up_customers"]
    assert not [link for link in read(answer).links if "topup" in link.address or link.name.startswith("Top up ")]
    assert mara.client.get(zoe.page("topup/")).status_code == 404
