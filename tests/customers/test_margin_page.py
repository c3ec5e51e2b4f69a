from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import Account, AuditAction, AuditEntry, Membership, Role, User
from billing.calls.services import partitions
from billing.customers.queries import margin
from tests.support.factories import AccountFactory, CallDayFactory, CallFactory, MembershipFactory
from tests.support.logins import logged_in
from tests.support.pages import Page, read
from tests.support.staffsite import page_of, staff

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture
def agent(db: None) -> Account:
    partitions.ensure(months=[TODAY])
    account: Account = AccountFactory.create(is_agent=True, may_see_margin=True)
    return account


def child_of(agent: Account, name: str = "Harbour Dental") -> Account:
    account: Account = AccountFactory.create(switch=agent.switch, parent=agent, name=name)
    return account


def call(child: Account, agent: Account, fee: str, agent_fee: str, *, ended: datetime = NOW) -> None:
    CallFactory.create(
        account=child,
        agent_number=agent.number,
        fee=Decimal(fee),
        agent_fee=Decimal(agent_fee),
        started_at=ended - timedelta(seconds=60),
    )


def of_customers(agent: Account) -> margin.MarginsOfCustomers:
    return margin.by_customer(agent=agent, first=TODAY, last=TODAY, today=TODAY)


def page(agent: Account, query: str = "") -> Page:
    owner = MembershipFactory.create(account=agent).user
    answer = logged_in(owner).get(f"{reverse('margin', args=[agent.public_id])}?from={TODAY}&to={TODAY}{query}")
    assert answer.status_code == 200
    return read(answer)


def addresses(person: User, place: str) -> set[str]:
    """Where the links of a page lead that the person opens."""
    return {link.address for link in read(logged_in(person).get(place)).links}


def test_the_margin_is_what_customers_were_charged_less_what_the_agent_was(agent: Account) -> None:
    first, second = child_of(agent), child_of(agent)
    call(first, agent, "1.00", "0.75")
    call(first, agent, "0.50", "0.25")
    call(second, agent, "3", "1")
    found = of_customers(agent)
    assert [(account, figures.amount) for account, figures in found.customers] == [
        (second, Decimal(2)),
        (first, Decimal("0.5")),
    ]
    assert (found.total.earned, found.total.paid, found.total.calls) == (Decimal("4.5"), Decimal(2), 3)


def test_a_loss_is_a_margin_below_zero(agent: Account) -> None:
    call(child_of(agent), agent, "1", "1.25")
    (line,) = page(agent).section("Margin").items
    assert "−$0.25" in line


def test_only_the_agents_own_level_counts(agent: Account) -> None:
    lower = AccountFactory.create(switch=agent.switch, parent=agent, is_agent=True, may_see_margin=True)
    call(child_of(lower), lower, "1", "0.5")
    assert of_customers(agent).customers == []
    assert of_customers(lower).total.amount == Decimal("0.5")


def test_who_left_the_agent_is_no_longer_in_it(agent: Account) -> None:
    child = child_of(agent)
    call(child, agent, "1", "0.5")
    Account.objects.filter(pk=child.pk).update(parent=None)
    assert of_customers(agent).customers == []
    answer = logged_in(MembershipFactory.create(account=agent).user).get(
        reverse("margin", args=[agent.public_id]), {"customer": child.public_id}
    )
    assert answer.status_code == 404


def test_a_call_counts_on_the_day_it_ends(agent: Account) -> None:
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    call(child_of(agent), agent, "1", "0.5", ended=midnight + timedelta(seconds=30))
    call(child_of(agent), agent, "8", "0.5", ended=midnight - timedelta(seconds=1))
    assert of_customers(agent).total.earned == Decimal(1)


def test_one_customer_is_told_day_by_day(agent: Account) -> None:
    child = child_of(agent)
    call(child, agent, "1", "0.75")
    call(child, agent, "5", "4", ended=NOW - timedelta(days=1))
    found = margin.by_day(agent=agent, customer=child, first=TODAY - timedelta(days=1), last=TODAY, today=TODAY)
    assert [(day, figures.amount) for day, figures in found.days] == [
        (TODAY, Decimal("0.25")),
        (TODAY - timedelta(days=1), Decimal(1)),
    ]
    shown = page(agent, f"&customer={child.public_id}")
    (day,) = shown.section("Margin").items
    assert "$1.00 − $0.75" in day
    assert shown.link("All customers").startswith(reverse("margin", args=[agent.public_id]))


def test_days_that_are_not_fetched_are_said_to_be_missing(agent: Account) -> None:
    child = child_of(agent)
    assert [note for note in page(agent).notes if note.startswith("Not all calls")]
    CallDayFactory.create(account=child, day=TODAY, fetched_at=NOW)
    assert not [note for note in page(agent).notes if note.startswith("Not all calls")]


def test_only_an_owner_of_an_agent_that_the_operator_lets_sees_it(agent: Account) -> None:
    owner = MembershipFactory.create(account=agent).user
    viewer = MembershipFactory.create(account=agent, role=Role.VIEWER).user
    place, customers = (reverse(name, args=[agent.public_id]) for name in ("margin", "customers"))
    assert place in addresses(owner, customers)
    assert place not in addresses(viewer, customers)
    assert logged_in(viewer).get(place).status_code == 404
    Account.objects.filter(pk=agent.pk).update(may_see_margin=False)
    assert place not in addresses(owner, customers)
    assert logged_in(owner).get(place).status_code == 404


def test_an_operator_lets_an_agent_see_it_and_that_is_on_record(agent: Account) -> None:
    Account.objects.filter(pk=agent.pk).update(may_see_margin=False)
    by = staff("operator")
    answer = logged_in(by).post(page_of(agent), {"credit_without_debit": "", "may_see_margin": "on"})
    assert answer.status_code == 302
    agent.refresh_from_db()
    assert agent.may_see_margin
    assert not agent.may_open_customers
    entry = AuditEntry.objects.get(user=by, action=AuditAction.CHANGED)
    assert entry.account == agent
    assert entry.changes == {"may_see_margin": ["False", "True"]}
    assert logged_in(staff("support")).post(page_of(agent), {"may_see_margin": ""}).status_code == 403


def test_who_is_owner_no_more_sees_it_no_more(agent: Account) -> None:
    owner = MembershipFactory.create(account=agent).user
    client = logged_in(owner)
    place = reverse("margin", args=[agent.public_id])
    assert client.get(place).status_code == 200
    MembershipFactory.create(account=agent)  # another owner stays
    Membership.objects.filter(user=owner).delete()
    assert client.get(place).status_code == 404
