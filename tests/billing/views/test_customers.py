from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, Membership, Role
from tests.support.factories import AccountFactory, MembershipFactory
from tests.support.visitors import Visitor


def test_customers_of_every_depth_are_listed_with_their_balances(mara: Visitor, zoe: Visitor) -> None:
    below = AccountFactory.create(switch=mara.account.switch, parent=zoe.account, name="Grandchild", balance="7")
    html = mara.client.get(mara.page("customers/")).content.decode()
    assert zoe.page() in html
    assert below.public_id in html
    assert "of Zoë Chen" in html
    assert "$7.00" in html


def test_customers_are_found_by_a_part_of_name_or_number(mara: Visitor) -> None:
    AccountFactory.create(switch=mara.account.switch, parent=mara.account, name="Café São Jorge", number="X-1")
    for text in ("são", "x-1"):
        html = mara.client.get(mara.page("customers/"), {"text": text}).content.decode()
        assert "Café São Jorge" in html
        assert "Zoë" not in html
    assert "Nobody found" in mara.client.get(mara.page("customers/"), {"text": "%"}).content.decode()


def test_a_search_that_cannot_be_read_says_so(mara: Visitor) -> None:
    for text in ("\0", "x" * 500):
        answer = mara.client.get(mara.page("customers/"), {"text": text, "after": "\0"})
        assert answer.status_code == 200
        assert 'aria-invalid="true"' in answer.content.decode()


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
        mara.client.get(mara.page("customers/"))
        with CaptureQueriesContext(connection) as queries:
            mara.client.get(mara.page("customers/"))
        return len(queries)

    assert asked(1) == asked(49)


def test_a_customer_has_no_such_page(zoe: Visitor) -> None:
    assert zoe.client.get(zoe.page("customers/")).status_code == 404
    assert "Customers" not in zoe.client.get(zoe.page()).content.decode()


def test_a_viewer_may_look_but_not_top_up(mara: Visitor, zoe: Visitor) -> None:
    MembershipFactory.create(account=mara.account)  # another owner stays
    Membership.objects.filter(user=mara.user).update(role=Role.VIEWER)
    assert "Top up" not in mara.client.get(mara.page("customers/")).content.decode()
    assert mara.client.get(zoe.page("topup/")).status_code == 404
