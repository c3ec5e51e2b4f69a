"""No page grows with the rows behind it: each list is paged, or ends after so many."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.db.models import Model
from django.utils import timezone

from accounts.models import Account, AuditEntry, Membership, Note, Role, User
from billing.batches.models import Batch, BatchRow, RowReason
from billing.customers.queries import margin
from billing.lib.reasons import Because
from billing.topups.models import Source, TopUp, TopUpState
from tests.access.steps import account_steps, other_steps, staff_steps
from tests.access.walking import Step
from tests.access.world import World, build
from tests.support.factories import (
    CallFactory,
    CardPaymentFactory,
    ChargeFactory,
    CustomerChangeFactory,
    ExportFactory,
    InvitationFactory,
    PaymentFactory,
)

pytestmark = pytest.mark.django_db

# More than the longest list shows at once.
MORE = 210
# What a row of any list is made of.
PIECES = re.compile(r"<(?:tr|li|option|dt)\b|class=\"(?:row|line|card)\b")
# They show what one address names; and the file is streamed.
NO_LISTS = ("batch_results", "calls_file", "export_file", "statement_pdf", "demo_pay")
LISTS = ("_changelist", "mfa_index")
_number = count()


def test_no_page_grows_with_the_rows_behind_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(margin, "MOST_LISTED", 100)  # it lists more than this test makes
    # Who has many accounts is listed them.
    home = Step(page="home", about="nobody", address="/", role="owner", method="GET", expected="page")
    steps = [*once_each(world), home]
    grow(world)
    before = sizes(world, steps)
    grow(world)
    after = sizes(world, steps)
    grown = {page: (before[page], after[page]) for page in before if after[page] > before[page]}
    assert grown == {}
    assert len(before) > 50
    assert max(before.values()) > MORE // 2


@pytest.fixture
def world(settings: Any) -> World:
    settings.PAYMENT_PROVIDER = "demo"
    settings.SECOND_FACTOR_REQUIRED = False
    return build()


def once_each(world: World) -> Iterator[Step]:
    """Each page that somebody sees; those of an account as an owner does."""
    seen: set[str] = set()
    for step in (*account_steps(world), *other_steps(world), *staff_steps(world)):
        is_shown = step.expected == "page" and step.method == "GET" and not step.fragment
        if is_shown and step.page not in {*seen, *NO_LISTS} and step.role not in ("stranger", "anonymous"):
            seen.add(step.page)
            if not step.page.startswith(("account", "admin:", "mfa")) or step.page.endswith(LISTS):
                yield step


def sizes(world: World, steps: Iterable[Step]) -> dict[str, int]:
    pages = {step.page: world.client(step.role).get(step.address) for step in steps}
    return {
        page: len(PIECES.findall(answer.content.decode())) for page, answer in pages.items() if not answer.streaming
    }


def grow(world: World) -> None:
    """MORE rows of whatever a page lists, of the account whose owner looks, and of that owner."""
    account, owner, now = world.accounts["account"], world.users["owner"], timezone.now()
    people = bulk([User(email=f"more{next(_number)}@example.com", password="!") for _ in range(MORE)])
    below = bulk([a_child(account, account.parent if n % 2 else account) for n in range(MORE)])
    bulk([Membership(user=person, account=account, role=Role.VIEWER) for person in people])
    bulk([Membership(user=owner, account=child, role=Role.OWNER) for child in below])
    bulk([Membership(user=world.users["viewer"], account=child, role=Role.VIEWER) for child in below])
    bulk([UserSession(user=owner, session_key=f"s{next(_number)}", ip="192.0.2.1", user_agent="x") for _ in people])
    bulk([InvitationFactory.build(account=account, digest=f"{next(_number):064x}") for _ in people])
    bulk(
        [CallFactory.build(account=account, started_at=now, ended_at=now, agent_number=account.number) for _ in people]
    )
    bulk(
        [CallFactory.build(account=child, started_at=now, ended_at=now, agent_number=account.number) for child in below]
    )
    for made in (PaymentFactory, ChargeFactory):
        when = "paid_at" if made is PaymentFactory else "charged_at"
        bulk([made.build(account=account, digest=f"{next(_number):064x}", **{when: now}) for _ in people])
    bulk([CustomerChangeFactory.build(agent=account, account=child, requested_by=owner) for child in below])
    bulk([CardPaymentFactory.build(account=account, paid_by=owner, state="paid", paid_at=now) for _ in people])
    bulk([ExportFactory.build(account=account, asked_by=owner, state="sent", ended_at=now) for _ in people])
    bulk([Note(account=account, by=owner, at=now, text="x") for _ in people])
    bulk([AuditEntry(at=now, user=owner, role="owner", account=account, action="looked", text="/") for _ in people])
    bulk([a_topup(account, owner, now) for _ in people])
    unpaid = Because(RowReason.NO_CUSTOMER, {"account": "x"})
    bulk(
        [
            BatchRow(batch=world.batch, line=100 + next(_number), account_text="x", amount_text="1", problem=unpaid)
            for _ in people
        ]
    )
    bulk([a_batch(account, owner, now) for _ in people])


def a_child(account: Account, parent: Account | None) -> Account:
    number = f"MORE-{next(_number)}"
    return Account(switch=account.switch, number=number, parent=parent, balance=Decimal(1), balance_at=timezone.now())


def a_batch(agent: Account, by: User, now: datetime) -> Batch:
    digest = f"{next(_number):064x}"
    return Batch(agent=agent, uploaded_by=by, uploaded_at=now, file_name="x", digest=digest)


def a_topup(account: Account, by: User, now: datetime) -> TopUp:
    """In review, as the front page of the staff lists them."""
    return TopUp(
        account=account,
        amount=Decimal(10),
        source=Source.OPERATOR,
        requested_by=by,
        key=f"more-{next(_number)}",
        requested_at=now,
        deadline=now,
        next_attempt_at=now,
        state=TopUpState.REVIEW,
    )


def bulk(rows: list[Any]) -> list[Any]:
    model: type[Model] = type(rows[0])
    return list(model._default_manager.bulk_create(rows))
