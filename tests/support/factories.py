"""Rows for tests. Values that matter to a test are given by it; the rest is plausible."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import Account, ExpiryKind, Invitation, Membership, Role, Switch, User
from billing.balances.models import Charge, Payment
from billing.calls.models import Call, CallDay, CountingRule, DayBy
from billing.calls.services import totals as call_totals
from billing.card_payments.models import CardPayment
from billing.customers.models import ChangeKind, CustomerChange
from billing.exports.models import Export, ExportState, FileKind
from billing.topups.models import Source, TopUp

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = factory.Faker("name")
    password = factory.django.Password("correct horse battery")


class SwitchFactory(DjangoModelFactory[Switch]):
    class Meta:
        model = Switch
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"switch-{n}")
    url = "http://127.0.0.1:9"
    time_zone = "UTC"
    requests_per_second = Decimal(10_000)
    topup_places = 6

    @factory.post_generation  # type: ignore[untyped-decorator]  # the stubs leave it out
    def counting_rule(self: Switch, create: bool, extracted: Any, **_: Any) -> None:
        """How its reports count calls is known, as it is of a switch that was connected some days ago."""
        if create and extracted is not False:
            CountingRule.objects.create(
                switch=self, day_by=DayBy.START, unanswered=True, places=6, as_listed=True, decided_at=NOON
            )


class AccountFactory(DjangoModelFactory[Account]):
    class Meta:
        model = Account

    switch = factory.SubFactory(SwitchFactory)
    number = factory.Sequence(lambda n: f"A-{n:05d}")
    name = factory.Faker("company")
    balance = Decimal("100")
    overdraft = Decimal("20")
    balance_at = NOON
    profile_at = NOON
    expiry = ExpiryKind.NEVER


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    account = factory.SubFactory(AccountFactory)
    role = Role.OWNER


class InvitationFactory(DjangoModelFactory[Invitation]):
    """An open one; no one holds its token."""

    class Meta:
        model = Invitation

    account = factory.SubFactory(AccountFactory)
    email = factory.Sequence(lambda n: f"invited{n}@example.com")
    role = Role.VIEWER
    source = Invitation.Source.MEMBER
    digest = factory.Sequence(lambda n: f"{n:064x}")
    created_at = NOON
    expires_at = NOON + timedelta(days=3650)


class PaymentFactory(DjangoModelFactory[Payment]):
    class Meta:
        model = Payment

    account = factory.SubFactory(AccountFactory)
    digest = factory.Sequence(lambda n: f"{n:064x}")
    paid_at = NOON
    kind = Payment.Kind.TOP_UP
    method = Payment.Method.OTHER
    amount = Decimal("25")
    balance_after = Decimal("125")


class ChargeFactory(DjangoModelFactory[Charge]):
    class Meta:
        model = Charge

    account = factory.SubFactory(AccountFactory)
    digest = factory.Sequence(lambda n: f"{n:064x}")
    charged_at = NOON
    kind = Charge.Kind.PACKAGE_RENT
    amount = Decimal("5")
    balance_after = Decimal("95")


class CardPaymentFactory(DjangoModelFactory[CardPayment]):
    """A row as it stands right after it was started, with the provider's page open."""

    class Meta:
        model = CardPayment

    account = factory.SubFactory(AccountFactory)
    amount = Decimal("25")
    currency = "USD"
    paid_by = factory.SubFactory(UserFactory)
    key = factory.Sequence(lambda n: f"key-{n}")
    provider = "demo"
    session = factory.Sequence(lambda n: f"session-{n}")
    started_at = NOON
    next_look_at = NOON


class CustomerChangeFactory(DjangoModelFactory[CustomerChange]):
    """A row as it stands right after it was asked for: to lock the account."""

    class Meta:
        model = CustomerChange

    agent = factory.SubFactory(AccountFactory)
    account = factory.SubFactory(AccountFactory)
    number = factory.SelfAttribute("account.number")
    kind = ChangeKind.LOCK
    requested_by = factory.SubFactory(UserFactory)
    key = factory.Sequence(lambda n: f"key-{n}")
    requested_at = NOON
    deadline = NOON + timedelta(minutes=10)
    next_step_at = NOON


class ExportFactory(DjangoModelFactory[Export]):
    """A row as it stands right after it was asked for: five days, as CSV, none of it made yet."""

    class Meta:
        model = Export

    account = factory.SubFactory(AccountFactory)
    asked_by = factory.SubFactory(UserFactory)
    asked_at = factory.LazyFunction(timezone.now)
    first = date(2026, 10, 10)
    last = date(2026, 10, 14)
    asked = factory.LazyAttribute(lambda export: f"from={export.first}&to={export.last}")
    kind = FileKind.CSV
    zone = "UTC"
    was_fresh = False
    state = ExportState.WAITING


class CallDayFactory(DjangoModelFactory[CallDay]):
    class Meta:
        model = CallDay

    account = factory.SubFactory(AccountFactory)
    day = NOON.date()


class CallFactory(DjangoModelFactory[Call]):
    """The partition of its month must exist: `billing.calls.services.partitions.ensure`."""

    class Meta:
        model = Call

    account = factory.SubFactory(AccountFactory)
    switch = factory.SelfAttribute("account.switch")
    flow_no = factory.Sequence(lambda n: 1_000_000 + n)
    started_at = NOON
    ended_at = factory.LazyAttribute(lambda call: call.started_at + timedelta(seconds=call.talk_seconds))
    day = factory.LazyAttribute(lambda call: call.started_at.astimezone(call.account.switch.zone).date())
    caller = "442079460000"
    callee = "8613900000000"
    talk_seconds = 60
    billed_seconds = 60
    fee = Decimal("0.05")
    fee_prefix = "86"
    package_fee = Decimal(0)
    package_seconds = 0
    agent_number = ""
    agent_fee = Decimal(0)
    call_level = 5
    end_direction = 0
    end_reason = 0
    billing_mode = 0
    callee_billing = 0

    @classmethod
    def _create(cls, model_class: type[Call], *args: Any, **kwargs: Any) -> Call:
        call: Call = super()._create(model_class, *args, **kwargs)  # type: ignore[no-untyped-call]  # factory_boy's own
        call_totals.add_up(accounts=[call.account_id], days=[call.day])
        return call


class TopUpFactory(DjangoModelFactory[TopUp]):
    """A row as it stands right after it was requested."""

    class Meta:
        model = TopUp

    account = factory.SubFactory(AccountFactory)
    source = Source.OPERATOR
    amount = Decimal("50")
    requested_by = factory.SubFactory(UserFactory)
    key = factory.Sequence(lambda n: f"key-{n}")
    requested_at = NOON
    deadline = NOON + timedelta(minutes=10)
    next_attempt_at = NOON
