"""What only the operator may know is planted in the simulator, kept as a switch's setting can want it, and looked for
in everything a customer is sent.

`pytest tests/access -rP` prints the size.
"""

from __future__ import annotations

import io
import logging
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.core import mail
from django.core.management import call_command
from django.db.models import Sum
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from accounts.access import GRANTED
from accounts.lib.money import money
from accounts.models import Account, Role, Switch, User
from billing.balances.queries.spending import daily_cost
from billing.balances.services import reconciliation
from billing.calls.models.routing import CallRouting
from billing.exports.models import Export, ExportState, FileKind
from billing.exports.services import worker as export_worker
from billing.topups.models import TopUp
from billing.topups.services import sending as topup_sending
from billing.topups.services import transfers as topup_transfers
from portal.masking import Formatter
from simulator.process import SimulatorProcess
from tests.access.walking import forget_steps
from tests.support.factories import MembershipFactory
from tests.support.mails import sent_mails
from tests.support.pages import FRAGMENT
from tests.support.raw import as_sent
from tests.support.routing import ROUTING_MARKS

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

CUSTOMER, AGENT = "A-20417", "R-100"
CALLEE = "8613977130009"

# By their names on the wire (GetCdr). What the agent pays for its customer's call is the agent's to know, below.
OPERATOR_FIELDS = {**ROUTING_MARKS, "agentFeePrefix": "77130005"}
AGENT_FEE = Decimal("713.719")
# One call's and both calls', as a page would round them.
AGENT_FEES_SHOWN = ("713.72", "713.719", "1,427.44", "1427.44", "1427.438")
PLACES = (
    *("", "balance/", "statements/", "calls/", "payments/", "topup/", "topup/voucher/"),
    *("customers/", "customers/batch/", "customers/margin/", "customers/changes/", "lock/", "overdraft/"),
)
ASKED = (
    "",
    "?callee=77130",
    "?answered=no",
    "?order=dearest&least_fee=0.01",
    "?from=rubbish",
    "?after=rubbish",
    "?text=mark",
)
# Passwords and gateways of the simulator's own world (simulator/tables.py).
SAMPLE_SECRETS = ("sip-", "gateway-secret", "gw-baltic", "rt-dhaka")


@dataclass
class Sent:
    """Everything that left the portal, by where it was seen."""

    texts: list[tuple[str, str]] = field(default_factory=list)

    def take(self, client: Client, path: str, posted: dict[str, str] | None = None) -> None:
        for headers in ({}, FRAGMENT):
            answer = client.get(path, headers=headers) if posted is None else client.post(path, posted, headers=headers)
            text = _readable(answer) + "".join(f"\n{name}: {value}" for name, value in answer.headers.items())
            self.texts.append((f"{path} {answer.status_code}", text))

    def holding(self, marks: tuple[str, ...]) -> list[str]:
        return [f"{mark} in {where}" for where, text in self.texts for mark in marks if mark in text]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged, down to the smallest detail, as production writes it."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(Formatter())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(before)


def test_nothing_of_the_operators_reaches_a_customer_or_the_log(
    transactional_db: None, switch: Switch, simulator: SimulatorProcess, log: io.StringIO
) -> None:
    """Committed, for files are prepared over a connection of their own."""
    now = timezone.now()
    Switch.objects.filter(pk=switch.pk).update(keep_routing=True)
    plant(simulator, now)
    call_command("sync", switch.name, "--accounts", CUSTOMER, AGENT, "--since", str(now.date() - timedelta(days=2)))
    customer, agent = (Account.objects.get(number=number) for number in (CUSTOMER, AGENT))
    Account.objects.filter(pk=agent.pk).update(**dict.fromkeys(GRANTED.values(), True))
    owner, reseller = _person(customer), _person(agent)
    viewer = _person(customer, Role.VIEWER)
    topup = transfer(customer, agent, reseller, now)
    explain(customer, agent, now)

    of_customer, of_agent = Sent(), Sent()
    for user in (owner, viewer):
        walk(of_customer, user, customer, topup)
    for account in (agent, customer):
        walk(of_agent, reseller, account, topup)
    while_the_switch_fails(of_customer, owner, customer, simulator)
    mails(of_customer, owner)
    written = Sent([("the log", log.getvalue())])

    of_the_agents_days = _agent_fees_by_day(agent)
    assert of_customer.holding((*_marks_of_a_customer(), *of_the_agents_days)) == []
    assert of_agent.holding(_marks()) == []
    assert written.holding((*_marks_of_a_customer(), CALLEE, reseller.email, owner.email)) == []
    # What was planted did arrive, and what may be seen is seen: the search is not of empty pages.
    assert customer.calls.filter(agent_fee=AGENT_FEE).exists()
    assert CallRouting.objects.filter(callee_gateway=OPERATOR_FIELDS["calleeGateway"]).count() == 2
    assert of_customer.holding((CALLEE,))
    for kind in ("csv", "xlsx"):
        assert any(f"/calls/{kind}/ 200" in found for found in of_customer.holding((CALLEE,)))
    assert [where for where in of_customer.holding((CALLEE,)) if "/file/ 200" in where]
    assert Export.objects.filter(state=ExportState.DONE).count() == 2 * len(FileKind) * 2
    assert of_the_agents_days
    assert of_agent.holding(of_the_agents_days)
    planted = customer.calls.filter(agent_fee=AGENT_FEE).values_list("flow_no", flat=True)
    for flow_no in planted:
        assert any(f"/calls/{flow_no}/ 200" in found for found in of_customer.holding((CALLEE,)))
        assert any(f"/calls/{flow_no}/ 200" in found for found in of_agent.holding((money(AGENT_FEE, "USD"),)))
    for kind in ("/ 200", ".pdf 200"):
        assert any(kind in found and "/statements/20" in found for found in of_agent.holding((str(AGENT_FEE),)))
    paid = customer.calls.filter(agent_number=AGENT).aggregate(sum=Sum("agent_fee"))["sum"]
    assert any("/customers/margin/" in found for found in of_agent.holding((money(paid, "USD"),)))
    assert "Not Found" in log.getvalue()
    number = len(of_customer.texts) + len(of_agent.texts) + 1
    size = sum(len(text) for sent in (of_customer, of_agent, written) for _, text in sent.texts)
    sys.stdout.write(f"Leaks: {len(_marks_of_a_customer())} marks in {number} texts of {size} characters: none.\n")


def plant(simulator: SimulatorProcess, now: datetime) -> None:
    for minutes in (30, 60 * 26):
        simulator.control.add_call(
            CUSTOMER,
            CALLEE,
            start=int((now - timedelta(minutes=minutes)).timestamp() * 1000),
            fee=Decimal("0.9"),
            agent_fee=AGENT_FEE,
            fields=OPERATOR_FIELDS,
        )
    simulator.control.pay(AGENT, Decimal(5000))
    simulator.control.charge(CUSTOMER, Decimal("1.5"))


def transfer(customer: Account, agent: Account, by: User, now: datetime) -> TopUp:
    credit = topup_transfers.request(
        account=customer, payer=agent, amount=Decimal(5), by=by, key="k", now=now, send_by_worker=False
    )
    topup_sending.carry_out(topup_id=credit.pk, now=now)
    return credit


def explain(customer: Account, agent: Account, now: datetime) -> None:
    for account in (customer, agent):
        first = now.date() - timedelta(days=2)
        reconciliation.reconcile(account=account, first=first, last=now.date(), now=now, until=now)
    # By the hour, the sample world explains this day of the agent or not: here it is one with fees of its customers.
    yesterday = now.date() - timedelta(days=1)
    agent.reconciliations.filter(day=yesterday).delete()
    figures = {"payments": 0, "calls": 0, "charges": 0, "difference": 0, "computed_at": now}
    agent.reconciliations.create(day=yesterday, opening=5000, agent_fees=AGENT_FEE, closing=5000 - AGENT_FEE, **figures)


def walk(sent: Sent, user: User, account: Account, topup: TopUp) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    for place in PLACES:
        for asked in ASKED:
            sent.take(client, f"/a/{account.public_id}/{place}{asked}")
    for kind in ("csv", "xlsx"):
        for asked in ASKED[:3]:
            sent.take(client, f"/a/{account.public_id}/calls/{kind}/{asked}")
    prepared(sent, client, account)
    for flow_no in account.calls.values_list("flow_no", flat=True):
        sent.take(client, f"/a/{account.public_id}/calls/{flow_no}/")
    for place in statements():
        sent.take(client, f"/a/{account.public_id}/statements/{place}")
    for path in (f"/a/{account.public_id}/topups/{topup.reference}/", "/", "/a/unknown/", "/staff/login/", "/no/page"):
        sent.take(client, path)
    for step in ("", "confirm/"):
        for amount in ("5", "rubbish", "9999999"):
            sent.take(client, f"/a/{account.public_id}/topup/{step}", {"amount": amount, "key": f"{account} {amount}"})


def statements() -> Iterator[str]:
    """Of the month of what was planted, which may have ended since, and of the one that goes on."""
    for day in (timezone.now() - timedelta(days=2), timezone.now()):
        yield from (f"{day:%Y-%m}/", f"{day:%Y-%m}.pdf")


def prepared(sent: Sent, client: Client, account: Account) -> None:
    """Files that a worker makes, and what their pages say of them."""
    for kind in FileKind:
        forget_steps()
        client.post(f"/a/{account.public_id}/exports/ask/", {"kind": kind})
        export = Export.objects.latest("pk")
        export_worker.carry_out(export_id=export.pk, now=timezone.now())
        for place in ("", f"{export.reference}/", f"{export.reference}/file/"):
            sent.take(client, f"/a/{account.public_id}/exports/{place}")


def while_the_switch_fails(sent: Sent, user: User, account: Account, simulator: SimulatorProcess) -> None:
    Account.objects.filter(pk=account.pk).update(balance_at=timezone.now() - timedelta(hours=1))
    simulator.control.add_fault("GetCustomer", "html_403")
    client = Client()
    client.force_login(user)
    sent.take(client, f"/a/{account.public_id}/")


def mails(sent: Sent, user: User) -> None:
    client = Client()
    sent.take(client, "/account/login/")
    client.post("/account/password/reset/", {"email": user.email})
    sent.texts += [("a mail", str(message.message())) for message in sent_mails()]
    assert mail.outbox


def _readable(answer: Answer) -> str:
    """A spreadsheet is looked for in every file within it, a PDF in what it shows and says of itself."""
    content = answer.getvalue()
    if content.startswith(b"%PDF"):
        pdf = PdfReader(io.BytesIO(content))
        return "\n".join([*(page.extract_text() for page in pdf.pages), str(pdf.metadata)])
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return as_sent(content)
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return "\n".join(book.read(name).decode() for name in book.namelist())


def _person(account: Account, role: Role = Role.OWNER) -> User:
    user: User = MembershipFactory.create(account=account, role=role).user
    return user


def _agent_fees_by_day(agent: Account) -> tuple[str, ...]:
    """As the overview's chart says them: what a day cost, with that day's other calls in it."""
    costs = daily_cost(account=agent, now=timezone.now())
    return tuple(money(cost) for _, cost in costs if cost >= AGENT_FEE)


def _marks() -> tuple[str, ...]:
    return (*OPERATOR_FIELDS.values(), *SAMPLE_SECRETS)


def _marks_of_a_customer() -> tuple[str, ...]:
    return (*_marks(), *AGENT_FEES_SHOWN)
