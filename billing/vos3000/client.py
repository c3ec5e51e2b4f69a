"""One method per operation of the web interface that the portal uses.

Reads that find nothing answer nothing: code -10007 is an empty list. Every request may raise `Withheld` and
`Unreachable`; reads also `Refused`, `Lost`, `TimedOut` and `Malformed`; writes `Refused` and `UnknownOutcome`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from hmac import compare_digest

import msgspec
from msgspec.json import Decoder

from .call_types import Cdr, CustomerFee, UnreadableRecord
from .codec import Answer, exact_number
from .codes import LockType, OwnerType, Period
from .endpoint import Json
from .errors import NOT_FOUND, Malformed, SwitchError, UnknownOutcome
from .exchange import Body, Exchange
from .probes import PROBES
from .times import day_text, earliest_text, latest_text
from .types import (
    Consumption,
    Customer,
    CustomerBrief,
    FeeRate,
    Paid,
    PayRecord,
    PhoneCard,
    PhoneProof,
    Suite,
    SuiteOrder,
)

PHONE_PROOFS = Decoder(list[PhoneProof], strict=False)
CUSTOMERS = Decoder(list[Customer], strict=False)
BRIEFS = Decoder(list[CustomerBrief], strict=False)
PAID = Decoder(Paid, strict=False)
PHONE_CARD = Decoder(PhoneCard, strict=False)
PAY_RECORDS = Decoder(list[PayRecord], strict=False)
CONSUMPTIONS = Decoder(list[Consumption], strict=False)
FEE_RATES = Decoder(list[FeeRate], strict=False)
SUITES = Decoder(list[Suite], strict=False)
SUITE_ORDERS = Decoder(list[SuiteOrder], strict=False)
CUSTOMER_FEES = Decoder(list[CustomerFee], strict=False)


class Client(Exchange):
    """A switch, asked by one thread at a time."""

    def get_customers(
        self,
        *,
        accounts: Sequence[str] = (),
        e164s: Sequence[str] = (),
        agent: str | None = None,
        direct_children_only: bool = False,
    ) -> list[Customer]:
        """Profiles of these accounts, of the owners of these numbers, or of an agent's children (3.4).

        What is not found is missing from the list, and so is an account that was cancelled: nothing else finds it.
        """
        body: dict[str, Json] = {}
        if accounts:
            body["accounts"] = list(accounts)
        if e164s:
            body["e164s"] = list(e164s)
        if agent is not None:
            mode = int(direct_children_only)
            body["filterAgentAccount"] = {"filterAgentAccount": agent, "querySonMode": mode}
        if not body:
            raise ValueError("Say which customers.")
        listed = self._list("GetCustomer", body, "infoCustomers", CUSTOMERS)
        return [customer for customer in listed if not customer.canceled]

    def get_all_customers(self) -> list[CustomerBrief]:
        """Balance and overdraft of every account of the switch (3.65)."""
        return self._list("GetAllCustomers", {"type": 1}, "infoCustomerBriefs", BRIEFS)

    def create_customer(
        self, *, account: str, name: str, agent: str, overdraft: Decimal, rate_group: str = "", memo: str = ""
    ) -> None:
        """Open an account below an agent (3.1), for ever and not locked. Ends as `pay` does.

        Without a rate group the switch chooses. The memo comes back in GetCustomer: a mark of who opened it.
        """
        fields: dict[str, Json | msgspec.Raw] = {
            "account": account,
            "name": name,
            "agentAccount": agent,
            "limitMoney": exact_number(overdraft),
            "lockType": int(LockType.OPEN),
            "memo": memo,
        }
        if rate_group:
            fields["feeRateGroup"] = rate_group
        with self._write("CreateCustomer", fields):
            pass

    def modify_customer(
        self, *, account: str, lock_type: LockType | None = None, overdraft: Decimal | None = None
    ) -> None:
        """Change these fields of an account alone (3.2): absolute values, so doing it twice is doing it once.

        Ends as `pay` does. What is left out is said to stay; whoever must be sure reads the account again.
        """
        fields: dict[str, Json | msgspec.Raw] = {"account": account}
        if lock_type is not None:
            fields["lockType"] = int(lock_type)
        if overdraft is not None:
            fields["limitMoney"] = exact_number(overdraft)
        if len(fields) == 1:
            raise ValueError("Nothing would be changed.")
        with self._write("ModifyCustomer", fields):
            pass

    def pay(self, *, account: str, amount: Decimal, memo: str) -> Paid:
        """Credit an account, or debit it with a negative amount (3.22). Sent once, on a connection of its own.

        Returns only when the switch says that exactly this was done. `Unreachable` (also `Withheld`) and `Refused` are
        surely not done; `UnknownOutcome` is everything else. ValueError: it was not fit to be sent.
        """
        if not amount:
            raise ValueError("Nothing would be paid.")
        fields: dict[str, Json | msgspec.Raw] = {
            "ownerName": account,
            "ownerType": int(OwnerType.ACCOUNT),
            "money": exact_number(amount),
            "memo": memo,
        }
        return self._pay("Pay", fields, account, amount)

    def pay_by_phone_card(self, *, account: str, pin: str, password: str, amount: Decimal, memo: str) -> Paid:
        """Pay a voucher card into an account (3.58); `amount` is what the card is known to hold. Ends as `pay` does."""
        owner: dict[str, Json] = {"ownerName": account, "ownerType": int(OwnerType.ACCOUNT)}
        fields = {**owner, "pin": pin, "password": password, "memo": memo}
        return self._pay("PayByPhoneCard", fields, account, amount)

    def get_phone_card(self, *, pin: str, password: str) -> PhoneCard | None:
        """What a voucher card holds and whether it was used (3.84). None: there is no such card.

        A password is always sent, if only an empty one: some builds let everybody pass who sends none.
        """
        answer = self._ask("GetPhoneCard", {"pin": pin, "password": password})
        if answer.code == NOT_FOUND:
            return None
        self._check_read(answer.operation, answer.code, "")
        card = answer.result("infoPhoneCard", PHONE_CARD)
        if card is None:
            raise Malformed(answer.operation, "the switch does not say what the card holds")
        return card

    def is_phone_of(self, *, e164: str, account: str, web_password: str) -> bool:
        """Whether this phone is of this account and has this password for web queries (GetPhone, 3.9)."""
        phones = self._list("GetPhone", {"e164s": [e164]}, "infoPhones", PHONE_PROOFS)
        return any(
            phone.e164 == e164
            and phone.account == account
            and bool(phone.customer_password)
            and compare_digest(phone.customer_password.encode(), web_password.encode())
            for phone in phones
        )

    def get_pay_history(
        self, *, account: str | None = None, agent: str | None = None, begin: datetime, end: datetime
    ) -> list[PayRecord]:
        """Payments of an account, or of an agent's children, between two aware moments (3.46).

        The range is asked rather too wide than too narrow where the switch's clock is set back.
        """
        body = self._history_body(account, agent, begin, end)
        return self._list("GetPayHistory", body, "infoPayHistorys", PAY_RECORDS)

    def get_consumption(
        self, *, account: str | None = None, agent: str | None = None, begin: datetime, end: datetime
    ) -> list[Consumption]:
        """Charges that are not calls, asked for as the payments are (3.64)."""
        body = self._history_body(account, agent, begin, end)
        return self._list("GetConsumption", body, "infoConsumptions", CONSUMPTIONS)

    def get_cdr(
        self, *, accounts: Sequence[str], first: date, last: date, kind: type[Cdr] = Cdr
    ) -> Generator[Cdr | UnreadableRecord, None, None]:
        """Call records of whole days of the switch's calendar, both included (3.47), read while they arrive.

        `RoutedCdr` is the kind that holds the operator's routing too.
        They count only when the iterator ends without an error. Nothing is sent before the first is asked for; close
        the iterator when leaving it early.
        """
        return self._records(_days_body(accounts, first, last), kind)

    def get_report_customer_fee(
        self, *, accounts: Sequence[str], first: date, last: date, period: Period = Period.DAY
    ) -> list[CustomerFee]:
        """Each account's calls summed per day or month of the switch's calendar (3.48)."""
        body = {**_days_body(accounts, first, last), "period": int(period)}
        return self._list("GetReportCustomerFee", body, "infoReportCustomerFees", CUSTOMER_FEES)

    def get_fee_rates(self, *, group: str) -> list[FeeRate]:
        """The rates of one rate group (3.44); of a group that is not there, none."""
        return self._list("GetFeeRate", {"feeRateGroup": group}, "infoFeeRates", FEE_RATES)

    def get_suite_orders(self, *, account: str) -> list[SuiteOrder]:
        """Which packages an account has, had or is going to have (3.29)."""
        owner: dict[str, Json] = {"ownerName": account, "ownerType": int(OwnerType.ACCOUNT)}
        return self._list("GetSuiteOrder", owner, "infoSuiteOrders", SUITE_ORDERS)

    def get_suites(self, *, ids: Sequence[int]) -> list[Suite]:
        """These packages, whoever has them (3.25)."""
        return self._list("GetSuite", {"ids": list(ids)}, "infoSuites", SUITES) if ids else []

    def probe(self, operations: Iterable[str] = tuple(PROBES)) -> list[str]:
        """Those of the operations that answer, if only with a refusal. Writes are never tried, so never listed."""
        return [operation for operation in operations if self._answers(operation)]

    def _answers(self, operation: str) -> bool:
        if operation not in PROBES:
            return False
        try:
            self._ask(operation, PROBES[operation])
        except SwitchError:
            return False
        return True

    def _history_body(self, account: str | None, agent: str | None, begin: datetime, end: datetime) -> dict[str, Json]:
        if account is None and agent is None:
            raise ValueError("Say whose history.")
        if begin > end:
            raise ValueError("The range ends before it begins.")
        zone = self._endpoint.time_zone
        who = {"account": account} if account is not None else {"agentAccount": agent}
        return {**who, "beginTime": earliest_text(begin, zone), "endTime": latest_text(end, zone)}

    def _pay(self, operation: str, fields: Body, account: str, amount: Decimal) -> Paid:
        with self._write(operation, fields) as answer:
            return _confirmed(answer, account, amount)


def _confirmed(answer: Answer, account: str, amount: Decimal) -> Paid:
    paid = answer.result("infoPay", PAID)
    if paid is None:
        raise UnknownOutcome(answer.operation, "the switch does not say what was paid")
    if paid.amount != amount or paid.account != account:
        raise UnknownOutcome(answer.operation, "the switch says that something else was paid")
    return paid


def _days_body(accounts: Sequence[str], first: date, last: date) -> dict[str, Json]:
    if not accounts:
        raise ValueError("Say whose calls.")
    if first > last:
        raise ValueError("The range ends before it begins.")
    return {"accounts": list(accounts), "beginTime": day_text(first), "endTime": day_text(last)}
