"""A person of every role, and a tree of accounts that some of them own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from allauth.mfa.models import Authenticator
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from accounts.access import GRANTED
from accounts.models import Account, Invitation, Membership, Role, User
from accounts.services.people import confirm_address
from billing.batches.models import Batch
from billing.batches.services import batches
from billing.calls.models import Call
from billing.calls.services import partitions
from billing.card_payments.models import CardPayment
from billing.customers.models import CustomerChange
from billing.exports.models import Export, ExportState
from billing.exports.services import files as export_files
from billing.switches.models import Observation
from billing.topups.models import TopUp
from billing.topups.services import transfers as topup_transfers
from tests.access.table import ROLES, STAFF
from tests.support.factories import (
    AccountFactory,
    CallFactory,
    CardPaymentFactory,
    CustomerChangeFactory,
    ExportFactory,
    InvitationFactory,
    MembershipFactory,
    SwitchFactory,
)
from tests.support.staffsite import full_account, staff, superuser

UNKNOWN = "bcdfghjkmnpqrs"
WITH_A_REFERENCE = (
    *("topup", "batch", "online_payment", "customer_change"),
    *("export", "export_file", "export_end"),
)


@dataclass(frozen=True)
class World:
    users: dict[str, User]
    accounts: dict[str, Account]
    topups: dict[str, TopUp]
    batch: Batch
    change: CustomerChange
    payment: CardPayment
    call: Call
    export: Export
    invitations: dict[str, Invitation]
    passkey: Authenticator
    clients: dict[str, Client] = field(default_factory=dict)

    def client(self, role: str) -> Client:
        """Logged in, with an address of its own: limits of logins are counted by address."""
        if role not in self.clients:
            client = Client(raise_request_exception=False, REMOTE_ADDR=f"192.0.2.{ROLES.index(role) + 1}")
            if role in self.users:
                client.force_login(self.users[role])
            self.clients[role] = client
        return self.clients[role]

    def public_id(self, name: str) -> str:
        return self.accounts[name].public_id if name in self.accounts else UNKNOWN

    def reference(self, name: str) -> str:
        """Of a top-up, by its account's name, of the batch, the change, the payment by card, or the file of calls."""
        others = {
            "batch": self.batch.reference,
            "change": self.change.reference,
            "paid": self.payment.reference,
            "export": self.export.reference,
        }
        return others.get(name) or (str(self.topups[name].reference) if name in self.topups else UNKNOWN)

    def rest(self, page: str, about: str) -> list[str]:
        """What follows the account's id in an address: the text after the slash in the table, or a membership."""
        name = about.rpartition("/")[2]
        if page in WITH_A_REFERENCE or page.startswith("batch_"):
            return [self.reference(name)]
        if page == "call":
            return [str(self.call.flow_no if name == "call" else 0)]
        if page == "calls_file":
            return [name]
        if page in ("statement", "statement_pdf"):
            # Of accounts of which nothing is known there is this month's alone.
            return [f"{timezone.now():%Y-%m}"]
        if page.startswith("invitation_"):
            return [str(self.invitations[name].pk if name in self.invitations else 0)]
        if page in ("member_role", "member_remove"):
            return [str(Membership.objects.get(user=self.users["viewer"]).pk)]
        return []

    def role_of(self, topup: TopUp) -> str:
        return next(role for role, user in self.users.items() if user.pk == topup.requested_by_id)

    def name_of(self, topup: TopUp) -> str:
        return next(name for name, account in self.accounts.items() if account.pk == topup.account_id)


def build() -> World:
    accounts = _tree()
    owners = {"owner": "account", "sibling": "sibling", "parent": "parent", "grandparent": "grand"}
    users: dict[str, User] = {role: _member(accounts[name]) for role, name in owners.items()}
    users["viewer"] = _member(accounts["account"], Role.VIEWER)
    users["stranger"] = _member(accounts["elsewhere"])
    for role in STAFF:
        users[role] = superuser() if role == "superuser" else staff(role)
    for user in users.values():
        confirm_address(user)  # as the portal does for everybody whom it lets in
    topups = {
        name: _topup(accounts[name], accounts[payer], users[by])
        for name, payer, by in (
            ("account", "parent", "parent"),
            ("child", "account", "owner"),
            ("cousin", "sibling", "sibling"),
        )
    }
    debit = topups["account"].debit
    assert debit is not None
    person = full_account().memberships.get().user
    passkey = Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data={"name": "Laptop"})
    invitations = {name: InvitationFactory.create(account=accounts[name]) for name in ("account", "child", "elsewhere")}
    batch = _batch(accounts["account"], users["owner"])
    payment = CardPaymentFactory.create(account=accounts["account"], paid_by=users["owner"])
    change = CustomerChangeFactory.create(agent=accounts["account"], account=accounts["child"])
    partitions.ensure([timezone.now().date()])
    call = CallFactory.create(account=accounts["account"], started_at=timezone.now())
    export = _export(accounts["account"], users["owner"])
    return World(
        users, accounts, {**topups, "debit": debit}, batch, change, payment, call, export, invitations, passkey
    )


def a_row(model: type[Model], world: World) -> Model:
    """One that most staff may see; of people a customer, since no one changes a person who may do more."""
    row = world.users["owner"] if model is User else model._default_manager.order_by("pk").first()
    assert row is not None, f"the world has no {model._meta.label}"
    return row


def _tree() -> dict[str, Account]:
    switch = SwitchFactory.create(fresh_for=timedelta(hours=1), online_payments=True)
    Observation.objects.create(switch=switch, is_off=True)
    accounts: dict[str, Account] = {}
    for name, above in (
        ("grand", None),
        ("parent", "grand"),
        ("account", "parent"),
        ("sibling", "parent"),
        ("child", "account"),
        ("cousin", "sibling"),
        ("elsewhere", None),
    ):
        accounts[name] = AccountFactory.create(
            switch=switch,
            parent=accounts[above] if above else None,
            is_agent=name in ("grand", "parent", "account", "sibling"),
            **dict.fromkeys(GRANTED.values(), name in ("parent", "account")),
            balance_at=timezone.now(),
            profile_at=timezone.now(),
        )
    return accounts


def _member(account: Account, role: Role = Role.OWNER) -> User:
    user: User = MembershipFactory.create(account=account, role=role).user
    return user


def _batch(agent: Account, by: User) -> Batch:
    content = b"account,amount\nA-1,5\n"
    return batches.upload(agent=agent, by=by, file_name="many.csv", content=content, now=timezone.now()).batch


def _export(account: Account, by: User) -> Export:
    """Ready to be downloaded."""
    ready = {"rows_total": 0, "size": 0, "ended_at": timezone.now(), "expires_at": timezone.now() + timedelta(hours=1)}
    # Of a day that its owner may take away as well with the last ones.
    day = timezone.localdate()
    export: Export = ExportFactory.create(
        account=account, asked_by=by, state=ExportState.DONE, first=day, last=day, **ready
    )
    export_files.path_of(export).touch()
    return export


def _topup(account: Account, payer: Account, by: User) -> TopUp:
    return topup_transfers.request(
        account=account,
        payer=payer,
        amount=Decimal(1),
        by=by,
        key="of the world",
        now=timezone.now(),
        send_by_worker=False,
    )
