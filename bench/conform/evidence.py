"""Everything that the invariants look at, gathered once: the portal's rows and the simulator's ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from accounts.models import Switch
from bench.conform.world import World
from billing.card_payments.models import CardPayment
from billing.topups.models import Reissue, StrayPayment, TopUp, TopUpState, Transition
from simulator.control import Control, LedgerAccount, LedgerPay, ReceivedRequest

SHORTEST_MEMO = 8  # what the stand-in leaves of a memo that it cuts off


@dataclass(frozen=True)
class Burst:
    """Simultaneous submits of one key; then the same key with another body. An answer is a reference, or None."""

    key: str
    answers: Sequence[str | None]
    other_body: str | None


@dataclass
class Seen:
    """What the run itself saw and no row tells.

    `at_rest`: each state when the settling time was over. `paid_online`: references of payments whose money is taken.
    `posted`: the references that forms were answered by their key, before and after their rows were lost.
    `lost`: references under which the switch received a `Pay`, whose row or claim was lost with its database.
    """

    bursts: list[Burst] = field(default_factory=list)
    unfit_accepted: list[str] = field(default_factory=list)
    at_rest: dict[str, TopUpState] = field(default_factory=dict)
    paid_online: list[str] = field(default_factory=list)
    posted: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    lost: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Ledger(Mapping[str, LedgerAccount]):
    """The simulator's own books, asked for one account at a time."""

    control: Control
    accounts: Sequence[str]
    asked: dict[str, LedgerAccount] = field(default_factory=dict)

    def __getitem__(self, account: str) -> LedgerAccount:
        if account not in self.asked:
            self.asked[account] = self.control.account(account)
        return self.asked[account]

    def __iter__(self) -> Iterator[str]:
        return iter(self.accounts)

    def __len__(self) -> int:
        return len(self.accounts)


@dataclass(frozen=True)
class Evidence:
    switch: Switch
    topups: Sequence[TopUp]
    steps: Mapping[int, Sequence[Transition]]
    received: Sequence[ReceivedRequest]
    ledger: Mapping[str, LedgerAccount]
    seen: Seen
    reissues: Sequence[Reissue] = ()
    online: Sequence[CardPayment] = ()
    owed: frozenset[str] = frozenset()  # the references of those of `online` that the portal lists as owed
    strays: frozenset[str] = frozenset()  # references of ours on payments that the portal lists as no top-up's

    @classmethod
    def gather(cls, world: World, seen: Seen) -> Evidence:
        topups = TopUp.objects.filter(account__switch=world.switch).order_by("pk")
        steps: dict[int, list[Transition]] = defaultdict(list)
        for step in Transition.objects.filter(topup__in=topups).order_by("pk"):
            steps[step.topup_id].append(step)
        return cls(
            switch=world.switch,
            topups=list(topups.select_related("account", "debit", "payment", "reissue_of")),
            steps=steps,
            received=[*world.control.received("Pay"), *world.control.received("PayByPhoneCard")],
            ledger=Ledger(world.control, [account.number for account in world.accounts]),
            seen=seen,
            reissues=list(Reissue.objects.filter(topup__in=topups)),
            online=list(CardPayment.objects.filter(account__switch=world.switch)),
            owed=frozenset(CardPayment.objects.owed().values_list("reference", flat=True)),
            strays=frozenset(StrayPayment.objects.values_list("reference", flat=True)),
        )

    @cached_property
    def by_reference(self) -> dict[str, TopUp]:
        return {topup.reference: topup for topup in self.topups}

    @cached_property
    def received_under(self) -> dict[str, list[ReceivedRequest]]:
        """The writes that the switch received, by the reference in their memo."""
        found: dict[str, list[ReceivedRequest]] = defaultdict(list)
        for request in self.received:
            found[memo_of(request)].append(request)
        return found

    def rows_of(self, topup: TopUp) -> list[LedgerPay]:
        """The account's rows on the switch that this top-up made: also one whose memo was cut off."""
        candidates = self._rows_by_memo(topup.account.number).get(topup.reference[:SHORTEST_MEMO], [])
        return [
            row
            for row in candidates
            if row.memo == topup.reference or (topup.reference.startswith(row.memo) and row.fee == topup.amount)
        ]

    def rows_with_references(self, account: str) -> list[LedgerPay]:
        return [row for row in self.ledger[account].pays if row.memo.startswith("TU-")]

    def _rows_by_memo(self, account: str) -> dict[str, list[LedgerPay]]:
        if account not in self._grouped:
            rows: dict[str, list[LedgerPay]] = defaultdict(list)
            for row in self.rows_with_references(account):
                rows[row.memo[:SHORTEST_MEMO]].append(row)
            self._grouped[account] = dict(rows)
        return self._grouped[account]

    @cached_property
    def _grouped(self) -> dict[str, dict[str, list[LedgerPay]]]:
        return {}


def memo_of(request: ReceivedRequest) -> str:
    return str((request.body or {}).get("memo", ""))


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
